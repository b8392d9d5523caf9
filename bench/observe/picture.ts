// Draws docs/observability/attack.svg from the metrics of the demo's attack: node bench/observe/picture.ts
import { writeFile } from 'node:fs/promises';
import { attackMetrics } from './attack-metrics.ts';
import { drawDashboard } from './draw.ts';

const path = new URL('../../docs/observability/attack.svg', import.meta.url);
await writeFile(path, drawDashboard(await attackMetrics()));
console.log('docs/observability/attack.svg');

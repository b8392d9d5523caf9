import type { Region } from '../../config/options.ts';

/**
 * The addresses that 8x8 sends webhooks from, by region: its list of 13 October 2025. 8x8 may change it; add new
 * addresses with `sourceAddresses.also`.
 *
 * @see https://developer.8x8.com/connect/reference/ip-address-list
 */
export const WEBHOOK_SOURCE_ADDRESSES: Readonly<Record<Region, readonly string[]>> = {
  apac: ['52.220.117.120', '52.220.109.9', '18.136.13.204'],
  id: ['34.101.157.207', '34.101.215.77', '34.34.217.244', '34.101.109.67'],
  eu: ['34.142.20.188', '34.142.64.178', '34.39.69.103', '34.39.114.155'],
  us: ['50.112.250.190', '100.21.170.42', '52.10.10.63'],
};

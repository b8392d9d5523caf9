/** Identifies a reservation across all scopes. */
export function reservationKey(scope: string, reservation: string): string {
  return `${scope.length} ${scope}${reservation}`;
}

/** Names a reservation among those of all scopes; no two share a name. */
export function reservationKey(scope: string, reservation: string): string {
  return `${scope.length} ${scope}${reservation}`;
}

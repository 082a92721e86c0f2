/** Route priorities as Calico's routers understand them (resource reference §6.11.4): a kernel metric, carried as its mirror image. */

/** LOCAL_PREF and the metric it stands for add up to this. */
const sum = 2_147_483_647
/** Of a route that says nothing. */
const normal = 1024
/** What other networks write (100, 200, …) is far below, what stands for a usual metric above. */
const leastLocalPref = 1_073_741_824

/** 1..2147483646. LOCAL_PREF of other networks is no priority: such a route has the normal one, as has one without LOCAL_PREF. */
export function priorityOf(localPref: number | undefined): number {
  return localPref !== undefined && localPref >= leastLocalPref && localPref < sum ? sum - localPref : normal
}

/** @param priority 1..2147483646 */
export function localPrefOf(priority: number): number {
  return sum - priority
}

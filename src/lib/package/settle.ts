/**
 * Waits for all, also when one fails: what was begun side by side has ended, and can be taken away, before anybody goes on.
 * @throws the error of the first in the list that failed.
 */
export async function settleAll<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(works)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

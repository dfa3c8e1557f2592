/**
 * Waits for all, even if one fails, so that nothing still runs afterwards and results can be removed.
 * @throws the error of the first in the list that failed.
 */
export async function allSettledOrThrow<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(works)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

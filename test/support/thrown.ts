/** The error that a promise rejects with; it is an error if it does not reject. */
export async function thrown(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) throw new Error('Nothing was thrown.')
  return outcome
}

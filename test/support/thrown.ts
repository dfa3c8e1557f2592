/** The error that a promise is rejected with; that nothing is thrown is an error itself. */
export async function thrown(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) throw new Error('Nothing was thrown.')
  return outcome
}

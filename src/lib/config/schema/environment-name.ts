/** Whether a text can be the `<environment>` of `values-<environment>.yml`. */
export function isEnvironmentName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,63}$/.test(text)
}

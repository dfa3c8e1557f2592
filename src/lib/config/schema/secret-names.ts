const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|(?:^|_)(?:AUTH|KEY|PASS|PWD)$/i

/** A URL with a password, or with a token instead of a user. */
const SECRET_TEXT = /https?:\/\/[^\s/@]+@|\/\/[^\s/:@]*:[^\s/@]+@/

/** Whether a value or variable with that name is never shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Whether a text contains a secret, whatever its name. */
export function isSecretText(text: string): boolean {
  return SECRET_TEXT.test(text)
}

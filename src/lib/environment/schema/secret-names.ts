const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|(?:^|_)(?:AUTH|KEY|PASS|PWD)$/i

/** An address with a password in it, or with a token in the place of the user. */
const SECRET_TEXT = /https?:\/\/[^\s/@]+@|\/\/[^\s/:@]*:[^\s/@]+@/

/** Whether a value or variable of that name is never shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Whether a text holds what must not be shown, whatever its name. */
export function isSecretText(text: string): boolean {
  return SECRET_TEXT.test(text)
}

/** What authenticates a user to a registry; `origin` is where it was found, and the only part safe to print. */
export type Credentials =
  | {readonly kind: 'anonymous'}
  | {readonly kind: 'password'; readonly username: string; readonly secret: string; readonly origin: string}
  | {readonly kind: 'token'; readonly identityToken: string; readonly origin: string}

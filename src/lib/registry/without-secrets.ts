import {printable} from '../terminal/text.js'
import {encodeRegistryAuth, type Credentials} from './credentials.js'

const MASK = '***'

/** What a client sends as Authorization, and the tokens that an engine got without keg knowing them. */
const AUTHORIZATION = /\b(Basic|Bearer)\s+[A-Za-z0-9._~+/-]{8,}=*/gi
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** Addresses to upload to and to be redirected to have a right of their own in their query. */
const QUERY = /(\bhttps?:\/\/[^\s"'?]+\?)[^\s"']+/g

/**
 * What was said of a registry, without the credentials that were used with it: a registry may answer with what it was sent.
 * They are found as they are and in each form in which they go over the line.
 */
export function withoutSecrets(said: string, credentials: Credentials, registry: string): string {
  const forms = secretForms(credentials, registry).sort((left, right) => right.length - left.length)
  return forms
    .reduce((text, form) => text.replaceAll(form, MASK), said)
    .replace(QUERY, `$1${MASK}`)
    .replace(AUTHORIZATION, `$1 ${MASK}`)
    .replace(TOKEN, MASK)
}

function secretForms(credentials: Credentials, registry: string): string[] {
  if (credentials.kind === 'anonymous') return []
  const secret = credentials.kind === 'token' ? credentials.identityToken : credentials.secret
  if (secret === '') return []
  const whole = credentials.kind === 'token' ? [] : [`${credentials.username}:${secret}`]
  const encoded = [secret, ...whole].flatMap((text) => {
    const bytes = Buffer.from(text)
    return [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')]
  })
  const quoted = [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
  const inForm = new URLSearchParams({secret}).toString().slice('secret='.length)
  const forms = [secret, ...encoded, ...quoted, inForm, encodeRegistryAuth(credentials, registry).replace(/=+$/, '')]
  // What an engine said has been made fit to show.
  return [...new Set([...forms, ...forms.map((form) => printable(form).trim())])].filter((form) => form !== '')
}

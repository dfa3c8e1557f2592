import {printable} from '../terminal/text.js'
import {encodeRegistryAuth} from './credentials.js'
import type {Credentials} from './model.js'

const MASK = '***'

/** A client's Authorization header, including tokens that an engine got and keg does not know. */
const AUTHORIZATION = /\b(Basic|Bearer)\s+[A-Za-z0-9._~+/-]{8,}=*/gi
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** The query of upload and redirect addresses grants access. */
const QUERY = /(\bhttps?:\/\/[^\s"'?]+\?)[^\s"']+/g

/**
 * A message about a registry, without the credentials that were used: a registry may repeat what it was sent. Finds them as they
 * are, and in each form in which they are transferred.
 */
export function redactSecrets(message: string, credentials: Credentials, registry: string): string {
  const forms = secretForms(credentials, registry).sort((left, right) => right.length - left.length)
  return forms
    .reduce((text, form) => text.replaceAll(form, MASK), message)
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
  // The engine's message has been made printable.
  return [...new Set([...forms, ...forms.map((form) => printable(form).trim())])].filter((form) => form !== '')
}

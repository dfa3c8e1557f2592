import {UsageError} from '../../error/keg-error.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import type {OpenTap} from '../../values/open-tap.js'
import {isRecord, listOf, textOf, type ComposeModel, type ComposeService} from '../../compose/compose-model.js'

/** The services of a tap's compose files. */
export interface ServicesAtHand {
  /** Those of active profiles. */
  readonly enabled: ComposeModel['services']
  /** All of them, including those of inactive profiles. */
  readonly all: ComposeModel['services']
}

/**
 * The service that is the app: KEG_COMPOSE_SERVICE; or the one named like the tap, its alias or its container, even in a
 * profile; or the one without an image, which only keg can give it; or the first that is not a database and keeps running.
 * @throws UsageError `compose-empty`, `compose-service-unknown`
 */
export async function appService(
  services: ServicesAtHand,
  {files, tap, values}: Pick<OpenTap, 'files' | 'tap' | 'values'>,
): Promise<string> {
  const {all, enabled} = services
  const names = Object.keys(all)
  if (names.length === 0)
    throw new UsageError(`The compose file ${printable(files.composeFile ?? '')} has no service.`, {
      code: 'compose-empty',
      hint: `Add one under services, such as: ${tap.name}: {}.`,
    })
  const wanted = values.text('KEG_COMPOSE_SERVICE')
  if (wanted !== undefined && !names.includes(wanted)) throw await unknownService(wanted, names)
  const likely = likelyNames({files, tap, values}).find((name) => names.includes(name))
  if (likely !== undefined) return likely
  const inOrder = [...new Set([...files.services, ...Object.keys(enabled)])]
  const candidates = inOrder.filter((name) => {
    const service = enabled[name]
    return service !== undefined && canBeApp(name, service) && !isWaitedForByOneThatIsOff(name, services)
  })
  const first = candidates.find((name) => hasNoImage(enabled[name])) ?? candidates.find((name) => !mustEnd(name, all))
  if (first !== undefined) return first
  throw new UsageError('It is not known which service of the compose file is the app.', {
    code: 'compose-service-unknown',
    hint: `Set KEG_COMPOSE_SERVICE in values.yml. The services are: ${names.map((name) => described(name, services)).join(', ')}.`,
    data: {services: names},
  })
}

async function unknownService(wanted: string, names: readonly string[]): Promise<UsageError> {
  return new UsageError(`KEG_COMPOSE_SERVICE is not a service of the compose file: ${printable(wanted)}.`, {
    code: 'compose-service-unknown',
    hint: `${await didYouMean(wanted, names)}Its services are: ${names.map((name) => printable(name)).join(', ')}.`,
    data: {services: names},
  })
}

/** Likely names of the app's service, the surest first. */
export function likelyNames({files, tap, values}: Pick<OpenTap, 'files' | 'tap' | 'values'>): string[] {
  const names = [values.text('KEG_COMPOSE_SERVICE'), tap.name, files.alias, values.text('CONTAINER_NAME')]
  return names.filter((name) => name !== undefined)
}

/** Programs that store data for others, by the names of their services and images. */
const STORES = new Set(
  `cassandra clickhouse cockroach cockroachdb consul couchbase couchdb database db dynamodb elastic elasticsearch etcd firebird
  influxdb kafka localstack mailhog mailpit mariadb meilisearch memcache memcached minio mongo mongodb mssql mysql nats neo4j
  opensearch oracle percona pgvector postgis postgres postgresql qdrant questdb rabbitmq redis redpanda rethinkdb scylla solr
  surrealdb tidb timescaledb typesense valkey weaviate zookeeper`.split(/\s+/),
)

/** Where these programs store it. */
const STORE_FOLDERS =
  /^\/(?:var\/lib\/(?:postgresql|mysql|mongodb|cassandra|redis|clickhouse|neo4j)|data\/db|bitnami)(?:\/|$)/

/** Further parts of their images' names: `mysql-server`, `redis-stack`. */
const STORE_KINDS = new Set(['cluster', 'community', 'enterprise', 'ha', 'repmgr', 'server', 'stack'])

/** Whether a service is a database, a queue or the like, by its name, its image or its data folder. */
export function isStore(name: string, service: ComposeService): boolean {
  if (STORES.has(nameParts(name).at(-1) ?? '')) return true
  const path = (textOf(service, 'image') ?? '').replace(/@.*$/, '').replace(/:[^:/]*$/, '')
  const [program = '', ...kinds] = nameParts(path.split('/').at(-1) ?? '')
  if (/(?:^|\/)mssql\/server$/.test(path)) return true
  if (STORES.has(program) && kinds.every((kind) => STORE_KINDS.has(kind))) return true
  return listOf(service.volumes).some(
    (volume) => isRecord(volume) && typeof volume.target === 'string' && STORE_FOLDERS.test(volume.target),
  )
}

/** `shop-db-1` has the parts shop and db. */
function nameParts(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[-_.]+/)
    .filter((part) => part !== '' && !/^\d+$/.test(part))
}

/** A service that is not run by the engine has no container. */
function canBeApp(name: string, service: ComposeService): boolean {
  return !isStore(name, service) && service.provider === undefined
}

/** Compose refuses such a service, unless it gets the tap's image. */
function hasNoImage(service: ComposeService | undefined): boolean {
  return service?.image === undefined && service?.build === undefined
}

/** Whether another service starts only when this one has ended, as after a migration. */
function mustEnd(name: string, all: ComposeModel['services']): boolean {
  return Object.values(all).some(({depends_on: dependsOn}) => {
    const how = isRecord(dependsOn) ? dependsOn[name] : undefined
    return isRecord(how) && how.condition === 'service_completed_successfully'
  })
}

function isWaitedForByOneThatIsOff(name: string, {all, enabled}: ServicesAtHand): boolean {
  return Object.entries(all).some(
    ([other, {depends_on: dependsOn}]) => enabled[other] === undefined && isRecord(dependsOn) && name in dependsOn,
  )
}

function described(name: string, {all, enabled}: ServicesAtHand): string {
  const service = all[name] ?? {}
  const profiles = listOf(service.profiles).filter((profile) => typeof profile === 'string')
  const notes = [
    ...(isStore(name, service) ? ['a database or similar'] : []),
    ...(mustEnd(name, all) ? ['another waits for its end'] : []),
    ...(enabled[name] === undefined ? [`in the profile ${profiles.join(', ')}, which is off`] : []),
  ]
  return printable(notes.length === 0 ? name : `${name} (${notes.join(', ')})`)
}

/**
 * The protobuf side of Envoy: what the bytes of its messages look like, and the server it talks to.
 *
 * Promises: plain objects become the same bytes every time, and a field that Envoy does not know is an error with its
 * path, never a silently dropped wish. Does not: know policy, classes or subscriptions.
 *
 * This file: the descriptor of the API files in `api-files.ts` (bundled with @grpc/grpc-js-xds, about Envoy 1.31) and of
 * our `overlay/` (fields newer than that, numbers from the 1.40 API).
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import protobuf from 'protobufjs'
import { apiFiles } from './api-files.ts'
import { type DescriptorNode, mergeOverlay } from './overlay.ts'

const require = createRequire(import.meta.url)
const bundled = dirname(require.resolve('@grpc/grpc-js-xds/package.json'))
const searchPath = ['envoy-api', 'xds', 'googleapis'].map((folder) => join(bundled, 'deps', folder))
const overlayFolder = join(import.meta.dirname, 'overlay')
/** Inside node_modules, so that it goes when the packages it was made from go. */
const cacheFolder = join(bundled, '..', '..', '.cache', 'postern')

/** Annotations (validation, versioning) do not change a byte, and leaving them out halves the descriptor. */
const isAnnotation = (path: string) => /annotations[/.]|^validate\//.test(path)

function resolvePath(_origin: string, target: string): string | null {
  if (isAnnotation(target)) return null
  if (isAbsolute(target) || protobuf.common.get(target)) return target
  return searchPath.map((folder) => join(folder, target)).find((path) => existsSync(path)) ?? null
}

const overlayTexts = () =>
  readdirSync(overlayFolder)
    .sort()
    .map((file) => readFileSync(join(overlayFolder, file), 'utf8'))

/** Parses all files: about 150 ms, so the result is cached. */
function parseApi(): DescriptorNode {
  const root = new protobuf.Root()
  root.resolvePath = resolvePath
  root.loadSync([...apiFiles], { keepCase: true })
  const overlays = overlayTexts().map(
    (text) => protobuf.parse(text, { keepCase: true }).root.toJSON() as DescriptorNode,
  )
  return overlays.reduce<DescriptorNode>((api, overlay) => mergeOverlay(api, overlay), root.toJSON() as DescriptorNode)
}

function cacheFile(): string {
  const version = readFileSync(join(bundled, 'package.json'), 'utf8')
  const hash = createHash('sha256').update(JSON.stringify([apiFiles, overlayTexts(), version]))
  return join(cacheFolder, `envoy-api-${hash.digest('hex').slice(0, 16)}.json`)
}

/** Two processes may write at once: rename is atomic. A read-only node_modules only costs the parsing time. */
function writeCache(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}`
    writeFileSync(temporary, text)
    renameSync(temporary, path)
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM', 'ENOSPC'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function loadDescriptor(): protobuf.Root {
  const path = cacheFile()
  if (existsSync(path)) return protobuf.Root.fromJSON(JSON.parse(readFileSync(path, 'utf8')))
  const text = JSON.stringify(parseApi(), (key, value) => (key.startsWith('(') ? undefined : value))
  writeCache(path, text)
  return protobuf.Root.fromJSON(JSON.parse(text))
}

let root: protobuf.Root | undefined
const types = new Map<string, protobuf.Type>()

/** The message type of a full name such as `envoy.config.listener.v3.Listener`, or undefined. Loads on first use. */
export function findType(name: string): protobuf.Type | undefined {
  const known = types.get(name)
  if (known) return known
  root ??= loadDescriptor()
  const found = root.lookup(name, [protobuf.Type], false)
  if (!(found instanceof protobuf.Type) || found.fullName !== `.${name}`) return undefined
  types.set(name, found)
  return found
}

/** As `findType`. @throws when the API files have no such message */
export function messageType(name: string): protobuf.Type {
  const type = findType(name)
  if (!type) throw new Error(`no message ${name} in xds-server/envoy/api-files.ts`)
  return type
}

/**
 * Envoy as the sniffer sees it, for tests in Node: the real .wasm behind the host functions it imports. A connection's
 * bytes stay in its buffer while the sniffer pauses and are gone once it continues; time stands still until told.
 */
export type Connection = {
  /** Filter state `wasm.<key>`. */
  readonly published: Map<string, string>
  /** `postern.greetings`; absent: the chain does not set it. */
  greetings?: string
  /** What the next filter, or the client, has been given. */
  toServer: number
  toClient: number
  closed: boolean
  fromClient: Uint8Array
  fromServer: Uint8Array
  end: boolean
}

type Exports = {
  readonly memory: WebAssembly.Memory
  proxy_on_memory_allocate(bytes: number): number
  proxy_on_configure(context: number, bytes: number): number
  proxy_on_new_connection(id: number): number
  proxy_on_downstream_data(id: number, bytes: number, end: number): number
  proxy_on_upstream_data(id: number, bytes: number, end: number): number
  proxy_on_downstream_connection_close(id: number, who: number): void
  proxy_on_delete(id: number): void
  proxy_on_tick(root: number): void
}

const root = 1
const ok = 0
const notFound = 1
const failed = 10
const none = new Uint8Array(0)

export class Envoy {
  readonly #exports: Exports
  readonly #connections = new Map<number, Connection>()
  readonly #released = new Set<number>()
  #acting = root
  #configuration = none
  #now = 1_700_000_000_000_000_000n
  /** Milliseconds between ticks; 0: no timer runs. */
  tickEvery = 0

  constructor(module: WebAssembly.Module, configuration = '300') {
    const env = {
      proxy_get_buffer_bytes: (kind: number, start: number, most: number, pointer: number, size: number) =>
        this.#give(this.#buffer(kind)?.subarray(start, start + most), pointer, size),
      proxy_set_property: (path: number, pathSize: number, value: number, valueSize: number) => {
        this.#connections.get(this.#acting)?.published.set(this.#text(path, pathSize), this.#text(value, valueSize))
        return ok
      },
      proxy_get_property: (path: number, pathSize: number, pointer: number, size: number) => {
        const asked = this.#text(path, pathSize) === 'filter_state\0postern.greetings'
        const greetings = asked ? this.#connections.get(this.#acting)?.greetings : undefined
        return greetings === undefined ? notFound : this.#give(Buffer.from(greetings), pointer, size)
      },
      proxy_set_tick_period_milliseconds: (ms: number) => {
        this.tickEvery = ms
        return ok
      },
      proxy_set_effective_context: (id: number) => {
        this.#acting = id
        return ok
      },
      proxy_continue_stream: () => {
        this.#released.add(this.#acting)
        return ok
      },
      proxy_close_stream: () => {
        const connection = this.#connections.get(this.#acting)
        if (connection !== undefined) connection.closed = true
        return ok
      },
      proxy_get_current_time_nanoseconds: (pointer: number) => {
        this.#view().setBigUint64(pointer, this.#now, true)
        return ok
      },
    }
    this.#exports = new WebAssembly.Instance(module, { env }).exports as unknown as Exports
    this.#configuration = Buffer.from(configuration)
    this.configured = this.#exports.proxy_on_configure(root, configuration.length) === 1
  }

  /** Whether the plugin took its configuration. */
  readonly configured: boolean

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength
  }

  connect(id: number, greetings?: string): Connection {
    const connection: Connection = {
      published: new Map(),
      ...(greetings === undefined ? {} : { greetings }),
      toServer: 0,
      toClient: 0,
      closed: false,
      fromClient: none,
      fromServer: none,
      end: false,
    }
    this.#connections.set(id, connection)
    this.#as(id, () => this.#exports.proxy_on_new_connection(id))
    return connection
  }

  /** Bytes from the client arrive; true where the sniffer lets them go on. */
  client(id: number, bytes: Uint8Array, end = false): boolean {
    const connection = this.#connections.get(id)!
    connection.fromClient = Buffer.concat([connection.fromClient, bytes])
    connection.end ||= end
    const pause = this.#as(id, () =>
      this.#exports.proxy_on_downstream_data(id, connection.fromClient.length, connection.end ? 1 : 0),
    )
    if (pause === 0) this.#pass(connection)
    return pause === 0
  }

  /** Bytes from the server arrive; true where the sniffer lets them go on to the client. */
  server(id: number, bytes: Uint8Array, end = false): boolean {
    const connection = this.#connections.get(id)!
    connection.fromServer = Buffer.concat([connection.fromServer, bytes])
    const pause = this.#as(id, () =>
      this.#exports.proxy_on_upstream_data(id, connection.fromServer.length, end ? 1 : 0),
    )
    if (pause !== 0) return false
    connection.toClient += connection.fromServer.length
    connection.fromServer = none
    return true
  }

  disconnect(id: number): void {
    this.#as(id, () => {
      this.#exports.proxy_on_downstream_connection_close(id, 2)
      this.#exports.proxy_on_delete(id)
      return 0
    })
    this.#connections.delete(id)
  }

  /** Time passes; ticks come as long as a timer runs. */
  wait(ms: number): void {
    for (let left = ms; left > 0; ) {
      const step = this.tickEvery > 0 ? Math.min(this.tickEvery, left) : left
      this.#now += BigInt(step) * 1_000_000n
      left -= step
      if (this.tickEvery > 0) this.#as(root, () => (this.#exports.proxy_on_tick(root), 0))
    }
  }

  #pass(connection: Connection): void {
    connection.toServer += connection.fromClient.length
    connection.fromClient = none
  }

  /** Calls into the module as this context; what it released meanwhile passes when it has returned. */
  #as(id: number, call: () => number): number {
    this.#acting = id
    const answer = call()
    this.#acting = root
    for (const released of this.#released) {
      const connection = this.#connections.get(released)
      if (connection !== undefined) this.#pass(connection)
    }
    this.#released.clear()
    return answer
  }

  #buffer(kind: number): Uint8Array | undefined {
    if (kind === 7) return this.#configuration
    const connection = this.#connections.get(this.#acting)
    return kind === 2 ? connection?.fromClient : kind === 3 ? connection?.fromServer : undefined
  }

  #give(bytes: Uint8Array | undefined, pointer: number, size: number): number {
    if (bytes === undefined) return notFound
    const room = this.#exports.proxy_on_memory_allocate(bytes.length)
    if (room === 0) return failed
    new Uint8Array(this.#exports.memory.buffer).set(bytes, room)
    this.#view().setUint32(pointer, room, true)
    this.#view().setUint32(size, bytes.length, true)
    return ok
  }

  #view(): DataView {
    return new DataView(this.#exports.memory.buffer)
  }

  #text(pointer: number, size: number): string {
    return Buffer.from(this.#exports.memory.buffer, pointer, size).toString('latin1')
  }
}

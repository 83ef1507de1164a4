/** What a peer's SETTINGS say (RFC 9113 6.5), as far as it concerns a server that sends small frames and plain headers. */
import { errorCode, fail, maxWindow, setting } from './frames.ts'

export type PeerSettings = { readonly initialWindow: number | undefined }

/** @throws ConnectionError where a value is none */
export function parseSettings(payload: Buffer): PeerSettings {
  if (payload.length % 6 !== 0) fail(errorCode.frameSize, 'SETTINGS')
  let initialWindow: number | undefined
  for (let at = 0; at < payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2)
    const id = payload.readUInt16BE(at)
    if (id === setting.enablePush && value > 1) fail(errorCode.protocol, 'ENABLE_PUSH')
    if (id === setting.maxFrameSize && (value < 16_384 || value > 0xff_ffff)) fail(errorCode.protocol, 'MAX_FRAME_SIZE')
    if (id !== setting.initialWindowSize) continue
    if (value > maxWindow) fail(errorCode.flowControl, 'INITIAL_WINDOW_SIZE')
    initialWindow = value
  }
  return { initialWindow }
}

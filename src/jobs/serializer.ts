import type { Codec } from '../transport/codec.ts'

/** How a job's arguments become bytes and come back: the codec of the client, by content type. */
export type Serializer = Codec

// Inside of net/: what a stream that speaks TLS has beside the others.
//
//   kernel ──on_read──> wire bytes ──TlsEngine::read──> the loop's plain buffer ──> on_bytes, once for each
//   read kernel <──one send── `wire` <──TlsEngine::write── `out`, at the end of the turn, as without TLS
//
// A handshake costs as much as hundreds of requests: in one turn the loop works on kHandshakesPerTurn of them
// at most, and the bytes of further ones are kept until the next.
#pragma once

#include <uv.h>

#include <memory>
#include <utility>

#include "lb/net/buffer.h"
#include "lb/tls/engine.h"

namespace finishline::net {

struct StreamTls {
  /// The other side has ended the connection, but not TLS: what it has said may not be all.
  static constexpr int kTruncated = UV_ECONNABORTED;
  static constexpr int kFailed = UV_EPROTO;
  static constexpr std::size_t kHandshakesPerTurn = 4;
  /// Read at once before the handshake is through.
  static constexpr std::size_t kHandshakeRead = 20 * 1024;
  /// Kept of one whose turn has not come.
  static constexpr std::size_t kMostKept = 64 * 1024;
  /// What a read can bring beyond its own length: the rest of a record that was begun before.
  static constexpr std::size_t kRecord = 17 * 1024;

  explicit StreamTls(std::unique_ptr<tls::TlsEngine> its_engine) : engine(std::move(its_engine)) {}

  std::unique_ptr<tls::TlsEngine> engine;
  Buffer wire;         // encrypted, to be sent
  Buffer kept;         // read and not decrypted yet
  bool later = false;  // it stands in Loop::encrypted_
};

}  // namespace finishline::net

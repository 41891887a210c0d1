#include "lb/net/stream_tls.h"

#include <algorithm>

#include "lb/net/stream_block.h"

namespace finishline::net {

using State = tls::TlsEngine::State;

void StreamBlock::begin_tls(std::unique_ptr<tls::TlsEngine> engine) {
  tls = std::make_unique<StreamTls>(std::move(engine));
  if (!loop->plain_)
    loop->plain_ = std::make_unique_for_overwrite<std::byte[]>(loop->read_buffer_bytes_ + StreamTls::kRecord);
  tls->engine->send_to(
      [](void* block, std::span<const std::byte> bytes) {
        auto* const self = static_cast<StreamBlock*>(block);
        Buffer& wire = self->tls->wire;
        if (wire.capacity() == 0) wire = self->loop->spare_.take(bytes.size());
        if (wire.capacity() - wire.size() < bytes.size()) self->loop->spare_.enlarge(wire, bytes.size());
        wire.append(bytes);
      },
      this);
}

bool StreamBlock::engine_handshakes() const { return tls->engine->state() == State::handshaking; }

bool StreamBlock::has_kept_wire() const { return tls && !tls->kept.empty(); }

/// At the end of a connection: its end may be the work of somebody in between.
bool StreamBlock::truncated() const {
  return tls && (tls->engine->state() == State::open || tls->engine->state() == State::handshaking);
}

// --- bytes in ------------------------------------------------------------------------------------------

void StreamBlock::on_wire(std::span<const std::byte> bytes) {
  const bool must_wait = handshaking() && loop->handshakes_ >= StreamTls::kHandshakesPerTurn;
  if (!must_wait && tls->kept.empty()) return decrypt(bytes);
  keep_wire(bytes);
  if (tls->kept.size() > StreamTls::kMostKept + loop->read_buffer_bytes_) return fail(StreamTls::kFailed);
  decrypt_later();
}

/// At the end of the turn, or of a later one when many shake hands.
void StreamBlock::decrypt_later() {
  if (std::exchange(tls->later, true)) return;
  loop->encrypted_.push_back(this);
}

void StreamBlock::decrypt_never() {
  if (tls && std::exchange(tls->later, false)) std::ranges::replace(loop->encrypted_, this, nullptr);
}

void StreamBlock::go_on_decrypting() {
  tls->later = false;
  if (life == StreamLife::closed || !reading() || !has_kept_wire()) return;
  if (handshaking() && loop->handshakes_ >= StreamTls::kHandshakesPerTurn) return decrypt_later();
  const Buffer kept = std::move(tls->kept);
  tls->kept = Buffer();
  decrypt(kept.bytes());
}

/// As much as is there, in pieces as large as the loop's buffer; the owner may go in any call.
void StreamBlock::decrypt(std::span<const std::byte> wire) {
  const std::span<std::byte> room(loop->plain_.get(), loop->read_buffer_bytes_ + StreamTls::kRecord);
  do {
    const State before = tls->engine->state();
    if (before == State::handshaking) ++loop->handshakes_;
    const std::size_t plain = tls->engine->read(wire, room);
    if (!tls->wire.empty()) mark_dirty();
    if (!deliver(before, plain)) return;
  } while (!wire.empty() && reading());
  if (!wire.empty()) keep_wire(wire);
  if (tls->wire.size() > 4 * high_water) fail(StreamTls::kFailed);  // asked for, and not taken
}

/// False when no more is to be decrypted.
bool StreamBlock::deliver(State before, std::size_t plain) {
  if (plain > 0 && events != nullptr) events->on_bytes({loop->plain_.get(), plain});
  const State after = tls->engine->state();
  if (life == StreamLife::closed) return false;
  if (after == before) return true;
  if (after == State::failed) {
    tls_failed();
    return false;
  }
  if (after == State::open) {
    mark_dirty();  // what was written before
    if (events != nullptr) events->on_connected();
    return life != StreamLife::closed;
  }
  stop_reading();
  input.enter(StreamInput::ended);
  if (lingering() && buffered() == 0) {
    close();
  } else if (events != nullptr) {
    events->on_end(End{0});
  }
  return false;
}

void StreamBlock::keep_wire(std::span<const std::byte> wire) { tls->kept.append(wire); }

/// The other side is told why, if it can be.
void StreamBlock::tls_failed() {
  if (in_kernel_queue == 0 && !tls->wire.empty()) send_now(tls->wire.bytes());
  tls->wire = Buffer();
  fail(StreamTls::kFailed);
}

// --- bytes out -----------------------------------------------------------------------------------------

void StreamBlock::send_sealed() {
  if (!out.empty() && !handshaking()) {
    note_out(out.size());
    const bool sealed = tls->engine->write(out.bytes());
    loop->spare_.give_back(std::move(out));
    out = Buffer();
    if (!sealed) return mark_failed(StreamTls::kFailed);
  }
  send_wire();
}

void StreamBlock::send_wire() {
  Buffer& wire = tls->wire;
  if (!wire.empty()) {
    const ssize_t sent = send_now(wire.bytes());
    if (sent < 0) return write_failed(static_cast<int>(sent));
    if (static_cast<std::size_t>(sent) < wire.size()) return queue_rest(wire, static_cast<std::size_t>(sent));
    loop->spare_.give_back(std::move(wire));
    wire = Buffer();
  }
  account();
}

/// All of it is taken, or nothing while no handshake is through; what the kernel does not take is buffered.
std::size_t StreamBlock::seal_now(std::span<const std::byte> bytes) {
  if (handshaking()) return 0;
  if (!tls->engine->write(bytes)) {
    mark_failed(StreamTls::kFailed);
    mark_dirty();  // told at the end of the turn
    return 0;
  }
  send_wire();
  if (failed()) mark_dirty();
  return bytes.size();
}

/// Whether the end of the connection has to wait for that of TLS.
bool StreamBlock::say_goodbye() {
  tls->engine->close();
  send_wire();
  return in_kernel_queue > 0;
}

/// Of one that is dropped: only where all that it wrote has been sent.
void StreamBlock::say_goodbye_if_done() {
  if (failed() || output == StreamOutput::ended || buffered() > 0 || fd() < 0) return;
  tls->engine->close();
  if (!tls->wire.empty()) send_now(tls->wire.bytes());
}

}  // namespace finishline::net

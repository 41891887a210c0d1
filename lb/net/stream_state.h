// Inside of net/: the three state machines of a TCP connection, of which each goes its own way: the
// connection itself, the bytes that come in, the bytes that go out.
#pragma once

#include <cstdint>

#include "proto/state_machine.h"

namespace finishline::net {

enum class StreamLife : std::uint8_t {
  unconnected,           // not yet, or the attempt failed
  connecting,            // until libuv tells the outcome
  open,                  // connected
  lingering_connecting,  // its owner gave it up while it was connecting
  lingering,             // its owner gave it up: the last bytes are sent, what comes is thrown away
  closed,                // the handle is on its way to its close callback
};

inline constexpr Moves<StreamLife, 6> kStreamLifeMoves{
    "a stream",
    {{StreamLife::unconnected, "unconnected", {StreamLife::connecting, StreamLife::open, StreamLife::closed}},
     {StreamLife::connecting,
      "connecting",
      {StreamLife::open, StreamLife::unconnected, StreamLife::lingering_connecting, StreamLife::closed}},
     {StreamLife::open, "open", {StreamLife::lingering, StreamLife::closed}},
     {StreamLife::lingering_connecting, "lingering_connecting", {StreamLife::lingering, StreamLife::closed}},
     {StreamLife::lingering, "lingering", {StreamLife::closed}},
     {StreamLife::closed, "closed", {}}}};

enum class StreamInput : std::uint8_t {
  paused,
  reading,
  ended,  // no more bytes will come
};

inline constexpr Moves<StreamInput, 3> kStreamInputMoves{
    "a stream's input",
    {{StreamInput::paused, "paused", {StreamInput::reading, StreamInput::ended}},
     {StreamInput::reading, "reading", {StreamInput::paused}},  // libuv is stopped before it has ended
     {StreamInput::ended, "ended", {}}}};

enum class StreamOutput : std::uint8_t {
  open,
  ending,          // behind what is buffered goes the end of stream
  ended,           // it has gone
  failed,          // nothing can be written any more
  left_to_reader,  // the same, and it is the reader who tells of it
};

inline constexpr Moves<StreamOutput, 5> kStreamOutputMoves{
    "a stream's output",
    {{StreamOutput::open,
      "open",
      {StreamOutput::ending, StreamOutput::ended, StreamOutput::failed, StreamOutput::left_to_reader}},
     {StreamOutput::ending,
      "ending",
      {StreamOutput::ending, StreamOutput::ended, StreamOutput::failed, StreamOutput::left_to_reader}},
     {StreamOutput::ended,  // who gives such a stream up says it once more, and learns whether anybody is
                            // there
      "ended",
      {StreamOutput::ending, StreamOutput::ended, StreamOutput::failed, StreamOutput::left_to_reader}},
     {StreamOutput::failed, "failed", {}},
     {StreamOutput::left_to_reader, "left_to_reader", {}}}};

}  // namespace finishline::net

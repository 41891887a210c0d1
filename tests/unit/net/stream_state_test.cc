#include "lb/net/stream_state.h"

#include <doctest/doctest.h>

#include <vector>

using namespace finishline;
using namespace finishline::net;

namespace {

const std::vector<StreamLife> kLives{StreamLife::unconnected, StreamLife::connecting,
                                     StreamLife::open,        StreamLife::lingering_connecting,
                                     StreamLife::lingering,   StreamLife::closed};
const std::vector<StreamOutput> kOutputs{StreamOutput::open, StreamOutput::ending, StreamOutput::ended,
                                         StreamOutput::failed, StreamOutput::left_to_reader};

}  // namespace

TEST_CASE("a stream is closed once, from wherever it is, and is nothing after that") {
  for (const StreamLife life : kLives) {
    CHECK(kStreamLifeMoves.legal(life, StreamLife::closed) == (life != StreamLife::closed));
    CHECK_FALSE(kStreamLifeMoves.legal(StreamLife::closed, life));
  }
}

TEST_CASE("a stream that was given up has no owner again") {
  for (const StreamLife given_up : {StreamLife::lingering_connecting, StreamLife::lingering})
    for (const StreamLife owned : {StreamLife::unconnected, StreamLife::connecting, StreamLife::open})
      CHECK_FALSE(kStreamLifeMoves.legal(given_up, owned));
  CHECK(kStreamLifeMoves.legal(StreamLife::lingering_connecting, StreamLife::lingering));
}

TEST_CASE("only a stream that is connected may linger without waiting for that") {
  CHECK(kStreamLifeMoves.legal(StreamLife::open, StreamLife::lingering));
  CHECK_FALSE(kStreamLifeMoves.legal(StreamLife::connecting, StreamLife::lingering));
  CHECK_FALSE(kStreamLifeMoves.legal(StreamLife::unconnected, StreamLife::lingering));
}

TEST_CASE("an input that has ended is not read again, and is not read when it ends") {
  CHECK(kStreamInputMoves.legal(StreamInput::paused, StreamInput::ended));
  CHECK_FALSE(kStreamInputMoves.legal(StreamInput::reading, StreamInput::ended));
  for (const StreamInput any : {StreamInput::paused, StreamInput::reading, StreamInput::ended})
    CHECK_FALSE(kStreamInputMoves.legal(StreamInput::ended, any));
}

TEST_CASE("who tells of a failed write is settled with the failure") {
  for (const StreamOutput failed : {StreamOutput::failed, StreamOutput::left_to_reader}) {
    for (const StreamOutput any : kOutputs) CHECK_FALSE(kStreamOutputMoves.legal(failed, any));
    for (const StreamOutput able : {StreamOutput::open, StreamOutput::ending, StreamOutput::ended})
      CHECK(kStreamOutputMoves.legal(able, failed));
  }
}

TEST_CASE("no output is opened again, but its end may be said once more") {
  for (const StreamOutput any : kOutputs) CHECK_FALSE(kStreamOutputMoves.legal(any, StreamOutput::open));
  CHECK(kStreamOutputMoves.legal(StreamOutput::ended, StreamOutput::ending));
}

#include "lb/worker/mini_session.h"

namespace finishline::worker {

using proto::Status;

ClientSession::Step MiniSession::take_one() {
  const auto word = decoder_.next();
  if (!word) {
    stashed_ = std::vector<std::byte>();  // used up
    return Step::need_more;
  }
  const auto request = proto::decode_mini(*word);
  const std::uint64_t position = order_.open(request.value_or(proto::MiniRequest{}));
  if (request) {
    submit(request->type, proto::kRetryable, request->length, 0, {}, position);
    return Step::asked;
  }
  std::vector<std::byte> foreign(word->begin(), word->end());
  foreign.insert(foreign.end(), decoder_.rest().begin(), decoder_.rest().end());
  tell_foreign(foreign);
  Answer answer;
  answer.status = Status::bad_frame;
  reject(position, answer);
  end_input(ledger::CloseReason::bad_frame);
  return Step::ended;
}

void MiniSession::stash() {
  if (!stashed_.empty()) return;  // the decoder still reads from it
  const auto rest = decoder_.rest();
  stashed_.assign(rest.begin(), rest.end());
  decoder_.feed(stashed_);
}

void MiniSession::encode(std::uint64_t position, const Answer& answer) {
  const proto::MiniWord reply = proto::encode_mini_reply(order_.request(position), answer.status);
  order_.fill(position, reply, [this](const proto::MiniWord& word) {
    stream_.write(word);
    context_.metrics.add(ledger::WorkerCell::client_bytes_out, proto::kMiniBytes);
  });
}

}  // namespace finishline::worker

#include "servers/mini_connection.h"

namespace finishline::server {

void MiniConnection::decode() {
  if (!aside_.empty()) decoder_.feed(aside_);
  while (!closed() && !full() && !no_more_) {
    const auto word = decoder_.next();
    if (!word) break;
    take(*word);
  }
  if (decoder_.rest().empty()) aside_.clear();
}

void MiniConnection::set_aside() {
  const auto rest = decoder_.rest();
  aside_ = std::vector<std::byte>(rest.begin(), rest.end());
}

void MiniConnection::take(proto::MiniWord word) {
  const std::uint64_t place = first_turn_ + turns_.size();
  turns_.emplace_back();
  const auto request = proto::decode_mini(word);
  if (request)
    return sink_.on_request(*this, {.type = request->type, .id = place, .length = request->length}, {});
  no_more_ = true;
  stop_reading();
  write_answer({.asked = {.id = place}, .status = proto::Status::bad_frame});
}

void MiniConnection::write_answer(const Answer& answer) {
  Turn& turn = turns_[answer.asked.id - first_turn_];
  turn.has_come = true;
  turn.word = proto::encode_mini_reply({answer.asked.type, static_cast<std::uint8_t>(answer.asked.length)},
                                       answer.status);
  if (answer.fate == Fate::drop) turn.bytes = 0;
  if (answer.fate == Fate::half_frame) turn.bytes = 1;
  if (answer.fate == Fate::corrupt) turn.word[sink_.spoilt_place(proto::kMiniBytes)] ^= std::byte{0xff};
  write_what_has_come();
}

void MiniConnection::write_what_has_come() {
  while (!turns_.empty() && turns_.front().has_come) {
    const Turn turn = turns_.front();
    turns_.pop_front();
    ++first_turn_;
    stream_.write(std::span(turn.word).first(turn.bytes));
    if (turn.bytes == 1) return close();
  }
  if (no_more_ && turns_.empty()) close();
}

}  // namespace finishline::server

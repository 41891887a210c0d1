#include "lb/net/buffer_pool.h"

#include <doctest/doctest.h>

using finishline::net::Buffer;
using finishline::net::BufferPool;

TEST_CASE("a buffer that was given back is taken again, empty, by whoever wants about as much") {
  BufferPool pool(1 << 20);
  Buffer buffer = pool.take(5000);
  CHECK(buffer.capacity() >= 5000);
  const std::byte* const place = buffer.prepare(1);
  buffer.commit(1);
  pool.give_back(std::move(buffer));
  CHECK(pool.take(100).prepare(1) != place);
  Buffer again = pool.take(8000);
  CHECK(again.prepare(1) == place);
  CHECK(again.empty());
}

TEST_CASE("whatever is taken has the room that was asked for, also one that has grown meanwhile") {
  BufferPool pool(8 << 20);
  for (const std::size_t size : {0, 1, 63, 64, 65, 4096, 4097, 524288, 524289, 3000000}) {
    for (int turn = 0; turn < 2; ++turn) {
      Buffer buffer = pool.take(size);
      CHECK(buffer.capacity() >= size);
      buffer.prepare(size + 77);
      pool.give_back(std::move(buffer));
    }
  }
}

TEST_CASE("a pool keeps no more bytes than it may, and none of a size that is too large") {
  BufferPool pool(100 * 1024);
  for (int n = 0; n < 10; ++n) pool.give_back(Buffer::with_room(32 * 1024));
  CHECK(pool.kept_bytes() == 96 * 1024);
  pool.take(20 * 1024);
  CHECK(pool.kept_bytes() == 64 * 1024);
  BufferPool large(100 << 20);
  large.give_back(Buffer::with_room(2 << 20));
  large.give_back(Buffer());
  CHECK(large.kept_bytes() == 0);
}

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ropewalk {

// Memory for chunks on their way out. What is released is used again, because fresh memory of this
// size costs a page fault every 4 KiB. Thread-safe.
class ChunkPool {
 public:
  ChunkPool();

  // `size` bytes, not initialised, aligned for any element. They may outlive the pool.
  std::shared_ptr<uint8_t> Take(size_t size);

 private:
  struct Store;
  const std::shared_ptr<Store> store_;
};

}  // namespace ropewalk

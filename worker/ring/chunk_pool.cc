#include "worker/ring/chunk_pool.h"

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "services/common/mutex.h"

namespace ropewalk {
namespace {

struct Memory {
  std::unique_ptr<uint8_t[]> bytes;
  size_t size = 0;
};

}  // namespace

struct ChunkPool::Store {
  // The last released one that is large enough; smaller ones make way for it.
  Memory Take(size_t size) ABSL_LOCKS_EXCLUDED(mutex) {
    {
      MutexLock lock(&mutex);
      while (!free.empty()) {
        Memory memory = std::move(free.back());
        free.pop_back();
        if (memory.size >= size) return memory;
      }
    }
    return {std::unique_ptr<uint8_t[]>(new uint8_t[size]), size};
  }

  void Release(Memory memory) ABSL_LOCKS_EXCLUDED(mutex) {
    MutexLock lock(&mutex);
    free.push_back(std::move(memory));
  }

  Mutex mutex;
  std::vector<Memory> free ABSL_GUARDED_BY(mutex);
};

ChunkPool::ChunkPool() : store_(std::make_shared<Store>()) {}

std::shared_ptr<uint8_t> ChunkPool::Take(size_t size) {
  auto memory = std::make_shared<Memory>(store_->Take(size));
  uint8_t* const bytes = memory->bytes.get();
  return std::shared_ptr<uint8_t>(
      bytes, [store = store_, memory](uint8_t*) { store->Release(std::move(*memory)); });
}

}  // namespace ropewalk

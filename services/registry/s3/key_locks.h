#pragma once

#include <set>
#include <string>

#include "services/common/mutex.h"

namespace ropewalk {

// A lock for each of many names. Thread-safe.
class KeyLocks {
 public:
  // Holds the name's lock; waits while another does, who has deadlines of his own.
  class Lock {
   public:
    Lock(KeyLocks* locks, const std::string& name);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    KeyLocks* const locks_;
    const std::string name_;
  };

 private:
  Mutex mutex_;
  CondVar released_;
  std::set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk

#pragma once

#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// Is told of what has changed in a registry. Called by the thread that has made the change, which
// waits: it must not take long, nor call the registry.
class RepositoryListener {
 public:
  virtual ~RepositoryListener() = default;

  // `before` null: it was made. `after` null: it is gone. Names that differ: it has moved.
  virtual void OnChange(const v1::Repository* before, const v1::Repository* after) = 0;
};

}  // namespace ropewalk

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "services/registry/registry.h"

namespace ropewalk {

// Holds the write lock while a repository is changed, and tells the listener what became of it
// before it lets go; of a change that failed there is nothing to tell.
class Registry::Change {
 public:
  Change(Registry* registry, std::unique_ptr<WriteLock> lock, std::string repository)
      : registry_(registry), lock_(std::move(lock)), name_(std::move(repository)) {
    if (registry_->listener_ != nullptr) before_ = registry_->Look(name_);
  }

  ~Change() {
    if (registry_->listener_ == nullptr) return;
    const std::optional<v1::Repository> after = registry_->Look(name_);
    if (!before_.has_value() && !after.has_value()) return;
    registry_->listener_->OnChange(before_.has_value() ? &*before_ : nullptr,
                                   after.has_value() ? &*after : nullptr);
  }

  // It has another name now.
  void MovedTo(const std::string& name) { name_ = name; }

 private:
  Registry* const registry_;
  const std::unique_ptr<WriteLock> lock_;
  std::string name_;
  std::optional<v1::Repository> before_;
};

}  // namespace ropewalk

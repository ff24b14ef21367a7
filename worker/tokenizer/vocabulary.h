#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// The tokens of a model and their numbers, which may have holes. Const calls may run at the same
// time.
class Vocabulary {
 public:
  explicit Vocabulary(absl::flat_hash_map<std::string, int32_t> ids);

  // -1: there is no such token.
  int32_t Find(absl::string_view token) const {
    const auto it = ids_.find(token);
    return it == ids_.end() ? -1 : it->second;
  }

  // nullptr: no token has the number.
  const std::string* Name(int32_t id) const {
    return id < 0 || id >= static_cast<int32_t>(names_.size()) ? nullptr : names_[id];
  }

  // How many tokens there are.
  size_t size() const { return ids_.size(); }

  const absl::flat_hash_map<std::string, int32_t>& ids() const { return ids_; }

 private:
  absl::flat_hash_map<std::string, int32_t> ids_;
  std::vector<const std::string*> names_;  // by number, into ids_
};

inline Vocabulary::Vocabulary(absl::flat_hash_map<std::string, int32_t> ids)
    : ids_(std::move(ids)) {
  for (const auto& [name, id] : ids_) {
    if (id >= static_cast<int32_t>(names_.size())) names_.resize(id + 1);
    names_[id] = &name;
  }
}

}  // namespace ropewalk

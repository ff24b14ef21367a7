#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A set of texts, each with a number, to find the longest of them with which another text begins.
class ByteTrie {
 public:
  struct Match {
    size_t size = 0;  // 0: none
    int32_t value = -1;
  };

  // Adds `key`; one that is there already gets the new number. REQUIRES: not empty.
  void Add(absl::string_view key, int32_t value) {
    first_bytes_.set(static_cast<uint8_t>(key[0]));
    int32_t node = 0;
    for (const char byte : key) {
      const auto [it, added] =
          edges_.try_emplace(Edge(node, byte), static_cast<int32_t>(values_.size()));
      node = it->second;
      if (added) values_.push_back(-1);
    }
    values_[node] = value;
  }

  Match LongestAt(absl::string_view text) const {
    Match match;
    if (text.empty() || !first_bytes_[static_cast<uint8_t>(text[0])]) return match;
    int32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto it = edges_.find(Edge(node, text[i]));
      if (it == edges_.end()) break;
      node = it->second;
      if (values_[node] >= 0) match = {i + 1, values_[node]};
    }
    return match;
  }

  bool empty() const { return edges_.empty(); }

 private:
  static uint64_t Edge(int32_t node, char byte) {
    return static_cast<uint64_t>(node) << 8 | static_cast<uint8_t>(byte);
  }

  absl::flat_hash_map<uint64_t, int32_t> edges_;  // (node, byte) to node
  std::vector<int32_t> values_ = {-1};            // by node; -1: no text ends here
  std::bitset<256> first_bytes_;
};

}  // namespace ropewalk

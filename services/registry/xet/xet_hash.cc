#include "services/registry/xet/xet_hash.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr XetHash kChunkKey = {102, 151, 245, 119, 91,  149, 80,  222, 49,  53,  203,
                               172, 165, 151, 24,  28,  157, 228, 33,  16,  155, 235,
                               43,  88,  180, 208, 176, 75,  147, 173, 242, 41};
constexpr XetHash kNodeKey = {1,   126, 197, 199, 165, 71,  41,  150, 253, 148, 102,
                              102, 180, 138, 2,   230, 93,  221, 83,  111, 55,  199,
                              109, 210, 248, 99,  82,  230, 74,  83,  113, 63};

// How nodes are grouped is not in the specification but in xet-core's
// xet_core_structures/src/merklehash/aggregated_hashes.rs: a group ends with the first node, from
// the third on, whose hash is divisible by four, or with the ninth.
constexpr size_t kLeastInGroup = 3;
constexpr size_t kMostInGroup = 9;
constexpr int kDivisor = 4;

// The hash as a number is its last eight bytes, the lowest first.
bool EndsGroup(const XetHash& hash) { return hash[24] % kDivisor == 0; }

size_t GroupLength(const std::vector<HashedChunk>& nodes, size_t begin) {
  const size_t most = std::min(kMostInGroup, nodes.size() - begin);
  for (size_t length = kLeastInGroup; length <= most; ++length) {
    if (EndsGroup(nodes[begin + length - 1].hash)) return length;
  }
  return most;
}

HashedChunk Merge(const std::vector<HashedChunk>& nodes, size_t begin, size_t length) {
  HashedChunk merged;
  std::string text;
  for (size_t i = begin; i < begin + length; ++i) {
    absl::StrAppend(&text, XetHashToHex(nodes[i].hash), " : ", nodes[i].size_bytes, "\n");
    merged.size_bytes += nodes[i].size_bytes;
  }
  merged.hash = Blake3Keyed(kNodeKey, text);
  return merged;
}

// Within each eight bytes the other way round.
std::string ReverseEights(std::string bytes) {
  for (size_t i = 0; i < bytes.size(); i += 8) {
    std::reverse(bytes.begin() + i, bytes.begin() + i + 8);
  }
  return bytes;
}

}  // namespace

XetHash HashChunk(absl::string_view data) { return Blake3Keyed(kChunkKey, data); }

XetHash HashXorb(std::vector<HashedChunk> nodes) {
  if (nodes.empty()) return {};
  while (nodes.size() > 1) {
    size_t groups = 0;
    for (size_t begin = 0; begin < nodes.size();) {
      const size_t length = GroupLength(nodes, begin);
      nodes[groups++] = Merge(nodes, begin, length);
      begin += length;
    }
    nodes.resize(groups);
  }
  return nodes[0].hash;
}

XetHash HashFile(std::vector<HashedChunk> chunks) {
  if (chunks.empty()) return {};
  const XetHash root = HashXorb(std::move(chunks));
  return Blake3Keyed({},
                     absl::string_view(reinterpret_cast<const char*>(root.data()), root.size()));
}

std::string XetHashToHex(const XetHash& hash) {
  return absl::BytesToHexString(ReverseEights(std::string(hash.begin(), hash.end())));
}

std::optional<XetHash> ParseXetHash(absl::string_view hex) {
  XetHash hash;
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (hex.size() != 2 * hash.size() || !std::all_of(hex.begin(), hex.end(), is_digit)) {
    return std::nullopt;
  }
  const std::string bytes = ReverseEights(absl::HexStringToBytes(hex));
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

}  // namespace ropewalk

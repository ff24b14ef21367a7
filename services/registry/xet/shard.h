#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/registry/xet/xet_hash.h"

namespace ropewalk {

// What a client says it has uploaded: of what chunks its files are made
// (https://github.com/huggingface/hub-docs/blob/main/docs/xet/shard.md).

constexpr int64_t kMaxShardBytes = 64 << 20;
// Of all of its files: it may name a chunk as often as it likes, and so make much of little.
constexpr int64_t kMaxShardFileBytes = int64_t{1} << 40;

// Consecutive chunks of a xorb: a stretch of a file.
struct ShardTerm {
  XetHash xorb;
  uint32_t begin = 0;  // chunks [begin, end), never none
  uint32_t end = 0;
  uint32_t size_bytes = 0;
};

struct ShardFile {
  XetHash hash;
  std::string sha256;  // 64 hex digits; empty if the client does not give it.
  std::vector<ShardTerm> terms;

  int64_t size_bytes() const;
};

struct Shard {
  std::vector<ShardFile> files;
};

// Reads a shard while it comes, in pieces of any size. Everything in it is a record of 48 bytes.
// Of the xorbs' records it only counts how many there are: what is in a xorb is known from the xorb
// itself. Not thread-safe.
class ShardDecoder {
 public:
  // INVALID_ARGUMENT: it is not a shard, or it or its files are too large. Append nothing more
  // then.
  absl::Status Append(absl::string_view piece);

  // INVALID_ARGUMENT: it ends too early.
  absl::Status Finish() const;

  // Whole after Finish.
  Shard& shard() { return shard_; }

 private:
  enum class Expect { kHeader, kFile, kTerm, kVerification, kMetadata, kXorb, kChunk, kNothing };

  absl::Status Take(absl::string_view record);
  absl::Status TakeHeader(absl::string_view record);
  absl::Status TakeFile(absl::string_view record);
  absl::Status TakeTerm(absl::string_view record);
  absl::Status TakeXorb(absl::string_view record);
  // What comes after all records of a kind.
  void EndTerms();
  void EndVerifications();

  int64_t received_bytes_ = 0;
  std::string part_;  // A record that has not come whole.
  Expect expect_ = Expect::kHeader;
  uint32_t left_ = 0;  // Records that follow of the kind that is expected.
  bool verified_ = false;
  bool has_metadata_ = false;
  int64_t file_bytes_ = 0;
  Shard shard_;
};

}  // namespace ropewalk

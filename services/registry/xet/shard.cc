#include "services/registry/xet/shard.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kRecordBytes = 48;
constexpr char kTag[] = "HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9";
constexpr size_t kTagBytes = 32;
static_assert(sizeof(kTag) == kTagBytes + 1);
constexpr uint64_t kVersion = 2;

constexpr uint32_t kWithVerification = 1u << 31;
constexpr uint32_t kWithMetadata = 1u << 30;

template <typename Number>
Number NumberAt(absl::string_view record, size_t offset) {
  Number number;
  std::memcpy(&number, record.data() + offset, sizeof(number));
  return number;
}

XetHash HashOf(absl::string_view record) {
  XetHash hash;
  std::memcpy(hash.data(), record.data(), hash.size());
  return hash;
}

// What a section ends with.
bool IsBookend(absl::string_view record) {
  return std::all_of(record.begin(), record.begin() + sizeof(XetHash),
                     [](char c) { return c == '\xff'; });
}

absl::Status NotAShard(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("this is not a shard: ", why));
}

}  // namespace

int64_t ShardFile::size_bytes() const {
  int64_t size = 0;
  for (const ShardTerm& term : terms) size += term.size_bytes;
  return size;
}

absl::Status ShardDecoder::Append(absl::string_view piece) {
  received_bytes_ += piece.size();
  if (received_bytes_ > kMaxShardBytes) {
    return NotAShard(absl::StrCat("it has more than ", kMaxShardBytes, " bytes"));
  }
  while (!piece.empty()) {
    const absl::string_view begin = piece.substr(0, kRecordBytes - part_.size());
    piece.remove_prefix(begin.size());
    if (begin.size() == kRecordBytes) {
      RETURN_IF_ERROR(Take(begin));
      continue;
    }
    part_.append(begin.data(), begin.size());
    if (part_.size() < kRecordBytes) break;
    RETURN_IF_ERROR(Take(part_));
    part_.clear();
  }
  return absl::OkStatus();
}

absl::Status ShardDecoder::Take(absl::string_view record) {
  switch (expect_) {
    case Expect::kHeader:
      return TakeHeader(record);
    case Expect::kFile:
      return TakeFile(record);
    case Expect::kTerm:
      RETURN_IF_ERROR(TakeTerm(record));
      if (--left_ == 0) EndTerms();
      return absl::OkStatus();
    case Expect::kVerification:
      if (--left_ == 0) EndVerifications();
      return absl::OkStatus();
    case Expect::kMetadata:
      // In the shard a SHA-256 is turned around like any hash of Xet.
      shard_.files.back().sha256 = XetHashToHex(HashOf(record));
      expect_ = Expect::kFile;
      return absl::OkStatus();
    case Expect::kXorb:
      return TakeXorb(record);
    case Expect::kChunk:
      if (--left_ == 0) expect_ = Expect::kXorb;
      return absl::OkStatus();
    case Expect::kNothing:
      break;  // A footer, which repeats what is known.
  }
  return absl::OkStatus();
}

absl::Status ShardDecoder::TakeHeader(absl::string_view record) {
  if (record.substr(0, kTagBytes) != absl::string_view(kTag, kTagBytes)) {
    return NotAShard("it does not begin like one");
  }
  const uint64_t version = NumberAt<uint64_t>(record, kTagBytes);
  if (version != kVersion) return NotAShard(absl::StrCat("its version is ", version, ", not 2"));
  expect_ = Expect::kFile;
  return absl::OkStatus();
}

absl::Status ShardDecoder::TakeFile(absl::string_view record) {
  if (IsBookend(record)) {
    expect_ = Expect::kXorb;
    return absl::OkStatus();
  }
  const uint32_t flags = NumberAt<uint32_t>(record, 32);
  if ((flags & ~(kWithVerification | kWithMetadata)) != 0) {
    return NotAShard(absl::StrCat("a file's flags are ", flags, ", which has unknown ones"));
  }
  ShardFile& file = shard_.files.emplace_back();
  file.hash = HashOf(record);
  verified_ = (flags & kWithVerification) != 0;
  has_metadata_ = (flags & kWithMetadata) != 0;
  left_ = NumberAt<uint32_t>(record, 36);
  expect_ = Expect::kTerm;
  if (left_ == 0) EndTerms();
  return absl::OkStatus();
}

absl::Status ShardDecoder::TakeTerm(absl::string_view record) {
  ShardTerm term;
  term.xorb = HashOf(record);
  term.size_bytes = NumberAt<uint32_t>(record, 36);
  term.begin = NumberAt<uint32_t>(record, 40);
  term.end = NumberAt<uint32_t>(record, 44);
  if (term.begin >= term.end || term.size_bytes == 0) {
    return NotAShard(absl::StrCat("a file's term has chunks ", term.begin, " to ", term.end, " of ",
                                  term.size_bytes, " bytes"));
  }
  file_bytes_ += term.size_bytes;
  if (file_bytes_ > kMaxShardFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the files of a shard have more than ",
                                                   kMaxShardFileBytes,
                                                   " bytes; send fewer at a time"));
  }
  shard_.files.back().terms.push_back(term);
  return absl::OkStatus();
}

absl::Status ShardDecoder::TakeXorb(absl::string_view record) {
  left_ = NumberAt<uint32_t>(record, 36);
  if (IsBookend(record)) {
    expect_ = Expect::kNothing;
  } else if (left_ > 0) {
    expect_ = Expect::kChunk;
  }
  return absl::OkStatus();
}

void ShardDecoder::EndTerms() {
  left_ = shard_.files.back().terms.size();
  expect_ = Expect::kVerification;
  if (!verified_ || left_ == 0) EndVerifications();
}

void ShardDecoder::EndVerifications() {
  expect_ = has_metadata_ ? Expect::kMetadata : Expect::kFile;
}

absl::Status ShardDecoder::Finish() const {
  if (expect_ == Expect::kNothing) return absl::OkStatus();
  return NotAShard("it has not come whole; send it again");
}

}  // namespace ropewalk

#pragma once

#include <gtest/gtest.h>
#include <lz4frame.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/xet/chunk.h"
#include "services/registry/xet/xet_hash.h"
#include "services/registry/xet/xet_store.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {

// For tests: what clients send.

inline std::string ReadGolden(const std::string& name) {
  const absl::StatusOr<std::string> bytes = ReadFile(absl::StrCat("tests/golden/xet/", name));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// Of "mixed", "again", "weights" or "tiny".
inline nlohmann::json GoldenUpload(const std::string& name) {
  for (const auto& upload : nlohmann::json::parse(ReadGolden("uploads.json"))) {
    if (upload["name"] == name) return upload;
  }
  ADD_FAILURE() << "no upload " << name;
  return {};
}

inline XetHash ParsedHash(const std::string& hex) {
  const std::optional<XetHash> hash = ParseXetHash(hex);
  EXPECT_TRUE(hash.has_value()) << hex;
  return hash.value_or(XetHash());
}

inline std::string LittleEndian(uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(number >> (8 * i)));
  return text;
}

inline std::string ChunkHeaderBytes(size_t stored, Compression compression, size_t size) {
  return absl::StrCat(LittleEndian(0, 1), LittleEndian(stored, 3),
                      LittleEndian(static_cast<uint64_t>(compression), 1), LittleEndian(size, 3));
}

inline std::string Lz4Frame(const std::string& data) {
  std::string frame(LZ4F_compressFrameBound(data.size(), nullptr), '\0');
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), data.data(), data.size(), nullptr));
  return frame;
}

// The first bytes of all groups of four, then the second ones, ...
inline std::string Grouped(const std::string& data) {
  std::string grouped;
  for (size_t first = 0; first < 4; ++first) {
    for (size_t i = first; i < data.size(); i += 4) grouped.push_back(data[i]);
  }
  return grouped;
}

inline std::string StoredChunk(const std::string& data, Compression compression) {
  std::string stored = data;
  if (compression == Compression::kLz4) stored = Lz4Frame(data);
  if (compression == Compression::kGroupedLz4) stored = Lz4Frame(Grouped(data));
  return absl::StrCat(ChunkHeaderBytes(stored.size(), compression, data.size()), stored);
}

struct TestXorb {
  XetHash hash;
  std::string bytes;
  std::vector<std::string> chunks;
};

inline TestXorb MakeXorb(const std::vector<std::string>& chunks,
                         Compression compression = Compression::kNone) {
  TestXorb xorb;
  xorb.chunks = chunks;
  std::vector<HashedChunk> hashed;
  for (const std::string& chunk : chunks) {
    hashed.push_back({HashChunk(chunk), chunk.size()});
    xorb.bytes += StoredChunk(chunk, compression);
  }
  xorb.hash = HashXorb(hashed);
  return xorb;
}

// Chunks [begin, end) of a xorb.
struct TestTerm {
  const TestXorb* xorb;
  uint32_t begin = 0;
  uint32_t end = 0;

  std::string bytes() const {
    std::string joined;
    for (uint32_t i = begin; i < end; ++i) joined += xorb->chunks[i];
    return joined;
  }
};

struct TestFile {
  std::vector<TestTerm> terms;
  std::string sha256;  // The right one if empty.

  std::string bytes() const {
    std::string joined;
    for (const TestTerm& term : terms) joined += term.bytes();
    return joined;
  }
};

inline std::string RawHash(const XetHash& hash) { return std::string(hash.begin(), hash.end()); }

inline std::string ShardHeader(uint64_t version = 2, uint64_t footer_bytes = 0) {
  return absl::StrCat(absl::HexStringToBytes("48465265706f4d6574614461746100556967456a7b815783"
                                             "a5bdd95ccdd14aa9"),
                      LittleEndian(version, 8), LittleEndian(footer_bytes, 8));
}

inline std::string ShardRecord(const std::string& hash, uint32_t a = 0, uint32_t b = 0,
                               uint32_t c = 0, uint32_t d = 0) {
  return absl::StrCat(hash, LittleEndian(a, 4), LittleEndian(b, 4), LittleEndian(c, 4),
                      LittleEndian(d, 4));
}

inline std::string Bookend() { return ShardRecord(std::string(32, '\xff')); }

constexpr uint32_t kShardFlags = 0xc0000000;  // With verification, with SHA-256.

inline std::string MakeShard(const std::vector<TestFile>& files) {
  std::string shard = ShardHeader();
  for (const TestFile& file : files) {
    shard += ShardRecord(std::string(32, 'f'), kShardFlags, file.terms.size());
    for (const TestTerm& term : file.terms) {
      shard += ShardRecord(RawHash(term.xorb->hash), 0, term.bytes().size(), term.begin, term.end);
    }
    for (size_t i = 0; i < file.terms.size(); ++i) shard += ShardRecord(std::string(32, 'v'));
    const std::string sha256 = file.sha256.empty() ? Sha256Hex(file.bytes()) : file.sha256;
    shard += ShardRecord(RawHash(ParsedHash(sha256)));
  }
  return absl::StrCat(shard, Bookend(), Bookend());
}

// A store in a temporary folder, on a clock that stands still.
class XetFixture : public ::testing::Test {
 protected:
  XetFixture() { Open(); }

  // Also stands for a restart.
  void Open(int64_t max_bytes = 1 << 20) {
    store_.reset();
    auto blobs = FileBlobStore::Open(folder_.path("blobs"), &clock_);
    ASSERT_TRUE(blobs.ok()) << blobs.status();
    blobs_ = *std::move(blobs);
    XetStoreOptions options;
    options.folder = folder_.path("xet");
    options.max_bytes = max_bytes;
    auto store = XetStore::Open(options, blobs_.get(), &clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  absl::Status TryUpload(const XetHash& hash, const std::string& bytes) {
    auto upload = store_->BeginUpload(hash);
    EXPECT_TRUE(upload.ok()) << upload.status();
    const absl::Status status = (*upload)->Append(bytes);
    return status.ok() ? (*upload)->Finish() : status;
  }

  void Upload(const TestXorb& xorb) {
    const absl::Status status = TryUpload(xorb.hash, xorb.bytes);
    EXPECT_TRUE(status.ok()) << status;
  }

  bool Has(const XetHash& xorb) {
    const absl::StatusOr<bool> has = store_->Has(xorb);
    EXPECT_TRUE(has.ok()) << has.status();
    return has.value_or(false);
  }

  // Empty if they cannot be read.
  std::string ReadChunks(const XetHash& xorb, uint32_t begin, uint32_t end) {
    auto reader = store_->Read(xorb, begin, end);
    std::string bytes;
    while (reader.ok()) {
      const absl::StatusOr<std::string> piece = (*reader)->Next();
      if (!piece.ok()) return "";
      if (piece->empty()) break;
      bytes += *piece;
    }
    return bytes;
  }

  std::string ReadBlob(const std::string& digest) {
    auto reader = blobs_->Read(digest, 0, 0);
    std::string bytes;
    while (reader.ok()) {
      const absl::StatusOr<std::string> piece = (*reader)->Next();
      if (!piece.ok() || piece->empty()) break;
      bytes += *piece;
    }
    return bytes;
  }

  bool HasBlob(const std::string& digest) { return blobs_->Stat(digest).ok(); }

  void DeleteBlob(const std::string& digest) {
    EXPECT_TRUE(*blobs_->DeleteBlobIfOlder(digest, absl::InfiniteFuture()));
  }

  std::string XorbPath(const XetHash& xorb) const {
    const std::string name = XetHashToHex(xorb);
    return folder_.path(absl::StrCat("xet/xorbs/", name.substr(0, 2), "/", name));
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<FileBlobStore> blobs_;
  std::unique_ptr<XetStore> store_;
};

}  // namespace ropewalk

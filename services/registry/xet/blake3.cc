#include "services/registry/xet/blake3.h"

#include <bit>
#include <cstring>
#include <vector>

// The tree: pieces of 1 KiB are the leaves, and each node above hashes two below it, a last one
// without a partner moving up as it is. Leaves are hashed several at a time, one to a lane of a
// wide register. Numbers of sections are those of the specification.

namespace ropewalk {
namespace {

static_assert(std::endian::native == std::endian::little);

#define ROPEWALK_INLINE __attribute__((always_inline)) inline
#if defined(__x86_64__)
#define ROPEWALK_WIDE __attribute__((target("avx2")))
bool HasWideRegisters() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#else
#define ROPEWALK_WIDE
bool HasWideRegisters() { return false; }
#endif

constexpr size_t kBlockBytes = 64;
constexpr size_t kLeafBytes = 1024;
constexpr size_t kDigestBytes = 32;

// Section 2.1, table 3.
constexpr uint32_t kLeafStart = 1 << 0;
constexpr uint32_t kLeafEnd = 1 << 1;
constexpr uint32_t kParent = 1 << 2;
constexpr uint32_t kRoot = 1 << 3;
constexpr uint32_t kKeyed = 1 << 4;

// Section 2.1, tables 1 and 2.
constexpr std::array<uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr std::array<int, 16> kPermutation = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
constexpr int kRounds = 7;

// Which word of the block each step of each round takes.
constexpr std::array<std::array<int, 16>, kRounds> MakeSchedule() {
  std::array<std::array<int, 16>, kRounds> schedule{};
  for (int i = 0; i < 16; ++i) schedule[0][i] = i;
  for (int round = 1; round < kRounds; ++round) {
    for (int i = 0; i < 16; ++i) schedule[round][i] = schedule[round - 1][kPermutation[i]];
  }
  return schedule;
}
constexpr auto kSchedule = MakeSchedule();

// Words of several inputs side by side. One input is a plain number.
typedef uint32_t Lanes4 __attribute__((vector_size(16)));
typedef uint32_t Lanes8 __attribute__((vector_size(32)));

template <typename Lanes>
constexpr size_t kLanes = sizeof(Lanes) / sizeof(uint32_t);

// What the inputs of a call have in common.
struct Job {
  std::array<uint32_t, 8> key;
  uint32_t flags;    // of every block
  uint32_t first;    // of the first block, besides
  uint32_t last;     // of the last block, besides
  uint64_t counter;  // of the first input
  bool counts;       // whether the others count on
  size_t blocks;     // of each input
};

template <typename Lanes>
ROPEWALK_INLINE Lanes RotateRight(Lanes words, int bits) {
  return (words >> bits) | (words << (32 - bits));
}

// Section 2.2.
template <typename Lanes>
ROPEWALK_INLINE void Mix(Lanes* v, int a, int b, int c, int d, Lanes x, Lanes y) {
  v[a] = v[a] + v[b] + x;
  v[d] = RotateRight(v[d] ^ v[a], 16);
  v[c] = v[c] + v[d];
  v[b] = RotateRight(v[b] ^ v[c], 12);
  v[a] = v[a] + v[b] + y;
  v[d] = RotateRight(v[d] ^ v[a], 8);
  v[c] = v[c] + v[d];
  v[b] = RotateRight(v[b] ^ v[c], 7);
}

// A round, spelled out so that the indices are known to the compiler.
template <typename Lanes, int kRound>
ROPEWALK_INLINE void Round(Lanes* v, const Lanes* m) {
  constexpr std::array<int, 16> s = kSchedule[kRound];
  Mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
  Mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
  Mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
  Mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
  Mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
  Mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
  Mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
  Mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

// Takes a block into `state`.
template <typename Lanes>
ROPEWALK_INLINE void Compress(const Lanes* block, Lanes counter_low, Lanes counter_high,
                              uint32_t bytes, uint32_t flags, Lanes* state) {
  Lanes v[16];
  for (int i = 0; i < 8; ++i) v[i] = state[i];
  for (int i = 0; i < 4; ++i) v[8 + i] = Lanes{} + kInitial[i];
  v[12] = counter_low;
  v[13] = counter_high;
  v[14] = Lanes{} + bytes;
  v[15] = Lanes{} + flags;
  Round<Lanes, 0>(v, block);
  Round<Lanes, 1>(v, block);
  Round<Lanes, 2>(v, block);
  Round<Lanes, 3>(v, block);
  Round<Lanes, 4>(v, block);
  Round<Lanes, 5>(v, block);
  Round<Lanes, 6>(v, block);
  for (int i = 0; i < 8; ++i) state[i] = v[i] ^ v[i + 8];
}

// The same block of several inputs, `stride` bytes apart, word by word.
template <typename Lanes>
ROPEWALK_INLINE void LoadBlock(const uint8_t* block, size_t stride, Lanes* words) {
  uint32_t transposed[16][kLanes<Lanes>];
  for (size_t lane = 0; lane < kLanes<Lanes>; ++lane) {
    uint32_t one[16];
    std::memcpy(one, block + lane * stride, kBlockBytes);
    for (int i = 0; i < 16; ++i) transposed[i][lane] = one[i];
  }
  std::memcpy(words, transposed, sizeof(transposed));
}

template <typename Lanes>
ROPEWALK_INLINE void StoreDigests(const Lanes* state, uint8_t* digests) {
  uint32_t words[8][kLanes<Lanes>];
  std::memcpy(words, state, sizeof(words));
  for (size_t lane = 0; lane < kLanes<Lanes>; ++lane) {
    for (int i = 0; i < 8; ++i) {
      std::memcpy(digests + lane * kDigestBytes + 4 * i, &words[i][lane], 4);
    }
  }
}

// Hashes as many inputs as there are lanes. They lie one after another, and so do the digests,
// which may take the place of the inputs.
template <typename Lanes>
ROPEWALK_INLINE void HashLanes(const uint8_t* inputs, const Job& job, uint8_t* digests) {
  const size_t stride = job.blocks * kBlockBytes;
  uint32_t low[kLanes<Lanes>];
  uint32_t high[kLanes<Lanes>];
  for (size_t lane = 0; lane < kLanes<Lanes>; ++lane) {
    const uint64_t counter = job.counter + (job.counts ? lane : 0);
    low[lane] = static_cast<uint32_t>(counter);
    high[lane] = static_cast<uint32_t>(counter >> 32);
  }
  Lanes counter_low, counter_high, state[8], words[16];
  std::memcpy(&counter_low, low, sizeof(low));
  std::memcpy(&counter_high, high, sizeof(high));
  for (int i = 0; i < 8; ++i) state[i] = Lanes{} + job.key[i];
  for (size_t block = 0; block < job.blocks; ++block) {
    uint32_t flags = job.flags;
    if (block == 0) flags |= job.first;
    if (block + 1 == job.blocks) flags |= job.last;
    LoadBlock(inputs + block * kBlockBytes, stride, words);
    Compress(words, counter_low, counter_high, kBlockBytes, flags, state);
  }
  StoreDigests(state, digests);
}

ROPEWALK_WIDE void HashEight(const uint8_t* inputs, const Job& job, uint8_t* digests) {
  HashLanes<Lanes8>(inputs, job, digests);
}

void HashFour(const uint8_t* inputs, const Job& job, uint8_t* digests) {
  HashLanes<Lanes4>(inputs, job, digests);
}

void HashOne(const uint8_t* inputs, const Job& job, uint8_t* digests) {
  HashLanes<uint32_t>(inputs, job, digests);
}

void HashMany(const uint8_t* inputs, size_t count, Job job, uint8_t* digests) {
  const bool wide = HasWideRegisters();
  while (count > 0) {
    size_t done = 1;
    if (wide && count >= 8) {
      HashEight(inputs, job, digests);
      done = 8;
    } else if (count >= 4) {
      HashFour(inputs, job, digests);
      done = 4;
    } else {
      HashOne(inputs, job, digests);
    }
    inputs += done * job.blocks * kBlockBytes;
    digests += done * kDigestBytes;
    if (job.counts) job.counter += done;
    count -= done;
  }
}

// A leaf of any length up to 1 KiB; `root` if there is no other.
void HashLeaf(absl::string_view leaf, Job job, bool root, uint8_t* digest) {
  uint32_t state[8];
  std::memcpy(state, job.key.data(), sizeof(state));
  uint32_t flags = job.flags | kLeafStart;
  while (true) {
    uint32_t words[16] = {};
    const absl::string_view block = leaf.substr(0, kBlockBytes);
    if (!block.empty()) std::memcpy(words, block.data(), block.size());
    leaf.remove_prefix(block.size());
    if (leaf.empty()) flags |= kLeafEnd | (root ? kRoot : 0);
    Compress<uint32_t>(words, static_cast<uint32_t>(job.counter),
                       static_cast<uint32_t>(job.counter >> 32), block.size(), flags, state);
    if (leaf.empty()) break;
    flags = job.flags;
  }
  std::memcpy(digest, state, kDigestBytes);
}

// The digests of all leaves, one after another.
std::vector<uint8_t> HashLeaves(absl::string_view data, Job job) {
  const size_t whole = data.size() / kLeafBytes;
  const size_t rest = data.size() % kLeafBytes;
  std::vector<uint8_t> digests((whole + (rest > 0 ? 1 : 0)) * kDigestBytes);
  job.first = kLeafStart;
  job.last = kLeafEnd;
  job.counts = true;
  job.blocks = kLeafBytes / kBlockBytes;
  HashMany(reinterpret_cast<const uint8_t*>(data.data()), whole, job, digests.data());
  if (rest > 0) {
    job.counter = whole;
    HashLeaf(data.substr(whole * kLeafBytes), job, /*root=*/false, &digests[whole * kDigestBytes]);
  }
  return digests;
}

// Two digests are one block.
Blake3Digest HashTree(std::vector<uint8_t> digests, Job job) {
  job.flags |= kParent;
  job.blocks = 1;
  size_t count = digests.size() / kDigestBytes;
  while (count > 2) {
    const size_t parents = count / 2;
    HashMany(digests.data(), parents, job, digests.data());
    if (count % 2 == 1) {
      std::memmove(&digests[parents * kDigestBytes], &digests[(count - 1) * kDigestBytes],
                   kDigestBytes);
    }
    count = parents + count % 2;
  }
  job.flags |= kRoot;
  Blake3Digest root;
  HashOne(digests.data(), job, root.data());
  return root;
}

Blake3Digest Hash(absl::string_view data, const Job& job) {
  if (data.size() > kLeafBytes) return HashTree(HashLeaves(data, job), job);
  Blake3Digest digest;
  HashLeaf(data, job, /*root=*/true, digest.data());
  return digest;
}

}  // namespace

Blake3Digest Blake3(absl::string_view data) { return Hash(data, {.key = kInitial}); }

Blake3Digest Blake3Keyed(const Blake3Digest& key, absl::string_view data) {
  Job job = {.flags = kKeyed};
  std::memcpy(job.key.data(), key.data(), key.size());
  return Hash(data, job);
}

}  // namespace ropewalk

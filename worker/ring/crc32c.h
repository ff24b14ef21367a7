#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4): any burst of up to 32 flipped bits changes it, and
// processors compute it faster than they read memory. It takes bytes piece by piece:
// ExtendCrc32c(ExtendCrc32c(0, a), b) is that of a and b.
uint32_t ExtendCrc32c(uint32_t crc, const void* bytes, size_t size);

// The same by tables, for processors without the instructions; here for tests.
uint32_t ExtendCrc32cByTables(uint32_t crc, const void* bytes, size_t size);

}  // namespace ropewalk

#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk::jinja {

// What one rendering may cost. A template comes with a model folder that a stranger made, so each
// loop, copy and nesting is counted and refused beyond these.
struct Limits {
  int64_t steps = 4'000'000;                // expressions, statements, and 64 bytes looked at
  size_t memory_bytes = size_t{128} << 20;  // all that is made during the rendering together
  size_t output_bytes = size_t{64} << 20;   // the text
  int depth = 900;                          // nested expressions, statements and macro calls
};

// Nesting of values: lists in lists, of messages and of what the template makes.
inline constexpr int kMaxValueDepth = 200;

// What Parse takes.
inline constexpr size_t kMaxSourceBytes = size_t{1} << 20;
inline constexpr int kMaxSyntaxDepth = 200;

// As Jinja's sandbox: items of one range().
inline constexpr int64_t kMaxRange = 100'000;

}  // namespace ropewalk::jinja

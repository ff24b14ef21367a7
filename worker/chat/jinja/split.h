#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/callable.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// Searching and cutting text, in time linear in its length.

// Where `needle` begins first or last, npos if nowhere.
size_t FindFirst(absl::string_view text, absl::string_view needle);
size_t FindLast(absl::string_view text, absl::string_view needle);

// Python's str.replace(); all if `count` is negative.
absl::StatusOr<Value> Replace(Runtime& runtime, absl::string_view text, absl::string_view old_text,
                              absl::string_view new_text, int64_t count);

// Python's str.splitlines() without the ends of lines.
std::vector<absl::string_view> LinesOf(absl::string_view text, bool keep_ends = false);

// The methods split, rsplit, splitlines, partition and rpartition of strings.
absl::StatusOr<Value> Split(Runtime& runtime, const Value& self, const Arguments& arguments);
absl::StatusOr<Value> SplitFromEnd(Runtime& runtime, const Value& self, const Arguments& arguments);
absl::StatusOr<Value> SplitLines(Runtime& runtime, const Value& self, const Arguments& arguments);
absl::StatusOr<Value> Partition(Runtime& runtime, const Value& self, const Arguments& arguments);
absl::StatusOr<Value> PartitionFromEnd(Runtime& runtime, const Value& self,
                                       const Arguments& arguments);

}  // namespace ropewalk::jinja

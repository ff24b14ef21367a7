#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

using NativeTable = absl::flat_hash_map<absl::string_view, Native>;

// The filter of that name, or null.
Native FindFilter(absl::string_view name);
// "abs, batch, ...": all of them, for messages.
std::string FilterNames();
// The names of a table, sorted, with commas.
std::string NamesOf(const NativeTable& table);

// Where they are from.
const NativeTable& TextFilters();
const NativeTable& NumberFilters();
const NativeTable& SequenceFilters();
const NativeTable& OrderFilters();  // sort, unique, min, ...
const NativeTable& LazyFilters();   // map, select, ...

}  // namespace ropewalk::jinja

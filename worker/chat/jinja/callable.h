#pragma once

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

struct For;
struct Macro;
struct Runtime;

// The variables of one scope. What is set here hides what the scopes around it hold.
struct Frame {
  Frame* parent = nullptr;
  absl::flat_hash_map<absl::string_view, Value> values;
};

// What a call, filter or test is given beside the value that it is applied to.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<absl::string_view, Value>> named;
};

// A filter, test, method or function. `self`: the value before the | or the dot; absent for
// functions.
using Native = absl::StatusOr<Value> (*)(Runtime& runtime, const Value& self,
                                         const Arguments& arguments);

// What can be called: a macro with the scope that it was defined in, or a native with its `self`.
struct Callable {
  absl::string_view name;
  Native native = nullptr;
  Value self;
  const Macro* macro = nullptr;
  Frame* scope = nullptr;
};

// A loop while it runs: where it is, and what it has yet to go through.
struct Loop {
  std::vector<Value> items;  // what the body sees, as far as known
  // Of a loop with an `if`: all that it goes through; from `next_source` on yet to be tested.
  std::vector<Value> source;
  size_t next_source = 0;
  absl::Status failure;  // what a generator meets after its last item
  const For* statement = nullptr;
  Frame* scope = nullptr;  // around the loop
  size_t index0 = 0;
  std::vector<Value> changed;  // what `loop.changed` was last given, if it was
  bool has_changed = false;
};

}  // namespace ropewalk::jinja

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ropewalk::jinja {

struct Sequence;
struct Dict;
struct Generator;
struct Namespace;
struct Callable;
struct Loop;

// A value as templates see it, with Python's types. Small and copied freely: text and containers
// belong to the rendering's Heap, to the template or to the rendering's input, and outlive it.
class Value {
 public:
  enum class Kind : uint8_t {
    kAbsent,     // an argument that was not given; templates never see it
    kUndefined,  // Jinja's Undefined: prints as nothing, and most uses are errors
    kNone,
    kBool,
    kInt,
    kFloat,
    kString,
    kList,
    kTuple,
    kRange,
    kView,  // what dict.items(), keys() and values() give
    kDict,
    kGenerator,  // what filters such as map give: can be gone through once
    kNamespace,
    kCallable,
    kLoop,  // the variable `loop`
  };

  Value() = default;
  static Value Absent() { return Value(Kind::kAbsent); }
  // `name`: what is undefined, for messages.
  static Value Undefined(absl::string_view name);
  static Value None() { return Value(Kind::kNone); }
  static Value Bool(bool value);
  static Value Int(int64_t value);
  static Value Float(double value);
  static Value String(absl::string_view utf8);
  // A string that `escape` or `safe` gave: what is added to it is escaped.
  static Value Markup(absl::string_view utf8);
  static Value Of(Kind kind, const Sequence* items);  // kList, kTuple, kRange, kView
  static Value Of(const Dict* dict);
  static Value Of(Generator* generator);
  static Value Of(Namespace* names);
  static Value Of(const Callable* callable);
  static Value Of(Loop* loop);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_absent() const { return kind_ == Kind::kAbsent; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_markup() const { return markup_; }
  // Python's bool is an int.
  bool is_integral() const { return kind_ == Kind::kInt || kind_ == Kind::kBool; }
  bool is_number() const { return is_integral() || kind_ == Kind::kFloat; }
  bool is_sequence() const { return kind_ >= Kind::kList && kind_ <= Kind::kView; }

  // Each for its kinds only.
  absl::string_view text() const { return {chars_, size_}; }  // of a string; of what is undefined
  bool boolean() const { return bool_; }
  int64_t integer() const { return kind_ == Kind::kBool ? (bool_ ? 1 : 0) : int_; }
  double number() const { return kind_ == Kind::kFloat ? float_ : static_cast<double>(integer()); }
  const Sequence& sequence() const { return *sequence_; }
  const Dict& dict() const { return *dict_; }
  Generator* generator() const { return generator_; }
  Namespace* names() const { return namespace_; }
  const Callable& callable() const { return *callable_; }
  Loop* loop() const { return loop_; }
  // Which object this is, for `is sameas`.
  const void* identity() const { return sequence_; }

 private:
  explicit Value(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::kUndefined;
  bool markup_ = false;
  size_t size_ = 0;
  union {
    const char* chars_ = nullptr;
    bool bool_;
    int64_t int_;
    double float_;
    const Sequence* sequence_;
    const Dict* dict_;
    Generator* generator_;
    Namespace* namespace_;
    const Callable* callable_;
    Loop* loop_;
  };
};

// The items of a list, tuple, range or view. Never changes: the sandbox lets no template do that.
struct Sequence {
  std::vector<Value> items;
  absl::string_view view;                 // of a view: "dict_items", ...
  int64_t start = 0, stop = 0, step = 1;  // of a range
};

// Entries in the order of insertion, with Python's equality of keys (1 == 1.0 == True).
struct Dict {
  std::vector<std::pair<Value, Value>> entries;
  absl::flat_hash_map<absl::string_view, size_t> by_text;  // of those whose keys are strings

  const Value* Find(absl::string_view key) const;
  // Any scalar key; a key that is a tuple is never found.
  const Value* Find(const Value& key) const;
  void Insert(const Value& key, const Value& value);
};

// Computed at once, but `failure` is met only by who comes to its place.
struct Generator {
  std::vector<Value> items;
  size_t next = 0;
  absl::Status failure;
};

struct Namespace {
  absl::flat_hash_map<absl::string_view, Value> values;
};

// "str", "int", "dict", ...: Python's name of the type, for messages.
absl::string_view TypeName(const Value& value);

// Python's bool(value).
bool Truth(const Value& value);

}  // namespace ropewalk::jinja

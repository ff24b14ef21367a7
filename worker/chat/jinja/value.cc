#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

Value Value::Undefined(absl::string_view name) {
  Value result(Kind::kUndefined);
  result.chars_ = name.data();
  result.size_ = name.size();
  return result;
}

Value Value::Bool(bool value) {
  Value result(Kind::kBool);
  result.bool_ = value;
  return result;
}

Value Value::Int(int64_t value) {
  Value result(Kind::kInt);
  result.int_ = value;
  return result;
}

Value Value::Float(double value) {
  Value result(Kind::kFloat);
  result.float_ = value;
  return result;
}

Value Value::String(absl::string_view utf8) {
  Value result(Kind::kString);
  result.chars_ = utf8.data();
  result.size_ = utf8.size();
  return result;
}

Value Value::Markup(absl::string_view utf8) {
  Value result = String(utf8);
  result.markup_ = true;
  return result;
}

Value Value::Of(Kind kind, const Sequence* items) {
  Value result(kind);
  result.sequence_ = items;
  return result;
}

Value Value::Of(const Dict* dict) {
  Value result(Kind::kDict);
  result.dict_ = dict;
  return result;
}

Value Value::Of(Generator* generator) {
  Value result(Kind::kGenerator);
  result.generator_ = generator;
  return result;
}

Value Value::Of(Namespace* names) {
  Value result(Kind::kNamespace);
  result.namespace_ = names;
  return result;
}

Value Value::Of(const Callable* callable) {
  Value result(Kind::kCallable);
  result.callable_ = callable;
  return result;
}

Value Value::Of(Loop* loop) {
  Value result(Kind::kLoop);
  result.loop_ = loop;
  return result;
}

namespace {

bool SameScalar(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_integral() && b.is_integral()) return a.integer() == b.integer();
    return a.number() == b.number();
  }
  return a.is(Value::Kind::kNone) && b.is(Value::Kind::kNone);
}

}  // namespace

const Value* Dict::Find(absl::string_view key) const {
  const auto found = by_text.find(key);
  return found == by_text.end() ? nullptr : &entries[found->second].second;
}

const Value* Dict::Find(const Value& key) const {
  if (key.is_string()) return Find(key.text());
  if (entries.size() == by_text.size()) return nullptr;
  for (const auto& [own, value] : entries) {
    if (SameScalar(own, key)) return &value;
  }
  return nullptr;
}

void Dict::Insert(const Value& key, const Value& value) {
  if (const Value* const old = Find(key)) {
    *const_cast<Value*>(old) = value;
    return;
  }
  if (key.is_string()) by_text.emplace(key.text(), entries.size());
  entries.emplace_back(key, value);
}

absl::string_view TypeName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kUndefined:
      return "Undefined";
    case Value::Kind::kNone:
      return "NoneType";
    case Value::Kind::kBool:
      return "bool";
    case Value::Kind::kInt:
      return "int";
    case Value::Kind::kFloat:
      return "float";
    case Value::Kind::kString:
      return value.is_markup() ? "Markup" : "str";
    case Value::Kind::kList:
      return "list";
    case Value::Kind::kTuple:
      return "tuple";
    case Value::Kind::kRange:
      return "range";
    case Value::Kind::kView:
      return value.sequence().view;
    case Value::Kind::kDict:
      return "dict";
    case Value::Kind::kGenerator:
      return "generator";
    case Value::Kind::kNamespace:
      return "Namespace";
    case Value::Kind::kCallable:
      return "function";
    case Value::Kind::kLoop:
      return "LoopContext";
  }
  return "object";
}

bool Truth(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kUndefined:
    case Value::Kind::kNone:
      return false;
    case Value::Kind::kBool:
    case Value::Kind::kInt:
      return value.integer() != 0;
    case Value::Kind::kFloat:
      return value.number() != 0;
    case Value::Kind::kString:
      return !value.text().empty();
    case Value::Kind::kList:
    case Value::Kind::kTuple:
    case Value::Kind::kRange:
    case Value::Kind::kView:
      return !value.sequence().items.empty();
    case Value::Kind::kDict:
      return !value.dict().entries.empty();
    default:
      return true;
  }
}

}  // namespace ropewalk::jinja

// Makes a KeySpec out of a codec and the way to a field, so that a row of the table is one expression.
#pragma once

#include "conf/codecs.h"
#include "conf/schema.h"

namespace vouch {

// field_of<&Configuration::cache, &CacheOptions::ttl_max>(configuration)
template <auto First, auto... Rest, typename Object>
constexpr auto& field_of(Object& object) {
  if constexpr (sizeof...(Rest) == 0) {
    return object.*First;
  } else {
    return field_of<Rest...>(object.*First);
  }
}

template <typename Target, typename Codec, auto... Path>
void read_field(const KeySpec<Target>& self, const YamlNode& node, Target& target, Problems& problems) {
  auto& field = field_of<Path...>(target);
  auto value = field;  // what is wrong must not be taken by half
  const std::size_t before = problems.count();
  Codec::read(node, self.path, self.shape, value, problems);
  if (problems.count() != before) { return; }
  field = std::move(value);
}

template <typename Target, typename Codec, auto... Path>
std::string show_field(const KeySpec<Target>& self, const Target& target) {
  return Codec::show(field_of<Path...>(target), self.shape);
}

template <typename Target, typename Codec, auto... Path>
constexpr KeySpec<Target> spec(std::string_view path, std::string_view standard, Shape shape,
                               std::string_view meaning) {
  return {.path = path,
          .standard = standard,
          .meaning = meaning,
          .shape = shape,
          .read = &read_field<Target, Codec, Path...>,
          .show = &show_field<Target, Codec, Path...>,
          .describe = &Codec::describe};
}

}  // namespace vouch

package io.github.dyt4j.training.run;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** In which settings two recipes differ, whatever types their values were read with: 1e-3, 0.001 and "0.001" are the same. */
final class RecipeDifference {
    private RecipeDifference() {}

    /** Such as "lr is 0.001 there and 0.003 here", by key; a nested key is dotted. */
    static List<String> between(Map<String, ?> there, Map<String, ?> here) {
        SequencedMap<String, String> a = new TreeMap<>();
        SequencedMap<String, String> b = new TreeMap<>();
        flatten("", there, a);
        flatten("", here, b);
        TreeMap<String, String> all = new TreeMap<>(a);
        all.putAll(b);
        List<String> differences = new ArrayList<>();
        for (String key : all.keySet()) {
            if (!Objects.equals(a.get(key), b.get(key))) {
                differences.add(key + " is " + a.getOrDefault(key, "not set") + " there and "
                        + b.getOrDefault(key, "not set") + " here");
            }
        }
        return differences;
    }

    private static void flatten(String prefix, Map<?, ?> map, Map<String, String> out) {
        map.forEach((key, value) -> {
            String name = prefix + key;
            if (value instanceof Map<?, ?> nested) {
                flatten(name + ".", nested, out);
            } else {
                out.put(name, canonical(value));
            }
        });
    }

    private static String canonical(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(RecipeDifference::canonical).toList().toString();
        }
        String text = String.valueOf(value);
        try {
            BigDecimal number = new BigDecimal(text);
            return Math.abs((long) number.scale()) > 400
                    ? text
                    : number.stripTrailingZeros().toPlainString();
        } catch (NumberFormatException e) {
            return text;
        }
    }
}

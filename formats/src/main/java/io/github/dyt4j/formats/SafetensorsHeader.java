package io.github.dyt4j.formats;

import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.util.ByteBufferBackedInputStream;

/** The head of a safetensors file, read with suspicion: whatever it says is checked before anything is believed. */
record SafetensorsHeader(SequencedMap<String, Safetensors.Entry> entries, SequencedMap<String, String> metadata) {
    static final int MAX_HEADER = 100_000_000;
    static final int MAX_TENSORS = 1_000_000;
    static final int MAX_NAME = 4096;
    static final int MAX_RANK = 64;
    static final String METADATA = "__metadata__";

    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(3)
                    .maxNumberLength(32)
                    .maxStringLength(MAX_HEADER)
                    .maxNameLength(MAX_NAME)
                    .build())
            // the names of a hostile file belong in no table shared by all parsers
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
            .build();

    /** Reads the header of a whole file's bytes; {@code where} names the file in errors. */
    static SafetensorsHeader parse(String where, MemorySegment whole) {
        try {
            return new Parser(whole).parse();
        } catch (Lie lie) {
            throw new UserError(
                    where + " is not a sound safetensors file: " + lie.getMessage() + ".\n" + remedy(whole), lie);
        } catch (JacksonException e) {
            String fault = e.getCause() instanceof CharacterCodingException
                    ? "is not UTF-8"
                    : "is not valid JSON (" + quote(e.getOriginalMessage()) + ")";
            throw new UserError(
                    where + " is not a sound safetensors file: its header " + fault + ".\n" + remedy(whole), e);
        }
    }

    private static String remedy(MemorySegment whole) {
        if (startsWith(whole, "PK\u0003\u0004") || startsWith(whole, "\u0080\u0002")) {
            return "It looks like a pickled PyTorch file (.pt, .pth, .bin), which can hold code and is not read here."
                    + "\nIn Python: safetensors.torch.save_file(torch.load(path, weights_only=True), 'model.safetensors')";
        }
        if (startsWith(whole, "version https://git-lfs")) {
            return "It is a Git LFS pointer: fetch the file itself with 'git lfs pull'.";
        }
        return "It is damaged or was not written by a safetensors library: download or save it again.";
    }

    private static boolean startsWith(MemorySegment whole, String bytes) {
        byte[] prefix = bytes.getBytes(StandardCharsets.ISO_8859_1);
        return whole.byteSize() >= prefix.length
                && whole.asSlice(0, prefix.length).mismatch(MemorySegment.ofArray(prefix)) == -1;
    }

    /** In quotes, short, and without what would break a line of a terminal. */
    private static String quote(String text) {
        StringBuilder out = new StringBuilder("'");
        text.codePoints().limit(80).forEach(c -> {
            if (Character.isISOControl(c) || c > 0x7e) {
                out.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append(text.length() > 80 ? "…'" : "'").toString();
    }

    /** Something that the header says and that is not so. */
    private static final class Lie extends RuntimeException {
        Lie(String message) {
            super(message, null, false, false);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Claim(String name, SafetensorsDtype dtype, long[] shape, long begin, long end) {}

    /** A walk over the JSON tokens that knows the one shape which is allowed. */
    private static final class Parser {
        private final MemorySegment whole;
        private final SequencedMap<String, Claim> claims = new LinkedHashMap<>();
        private final SequencedMap<String, String> metadata = new LinkedHashMap<>();

        Parser(MemorySegment whole) {
            this.whole = whole;
        }

        SafetensorsHeader parse() {
            if (whole.byteSize() < 8) {
                throw new Lie("it has " + whole.byteSize() + " bytes, and the length of the header alone takes 8");
            }
            long length = whole.get(LENGTH, 0);
            if (length < 0 || length > MAX_HEADER) {
                throw new Lie("its header claims " + Long.toUnsignedString(length)
                        + " bytes, over the format's limit of " + MAX_HEADER);
            }
            if (length > whole.byteSize() - 8) {
                throw new Lie("its header claims " + length + " bytes, and the file has " + (whole.byteSize() - 8)
                        + " after the length");
            }
            if (length < 2 || whole.get(ValueLayout.JAVA_BYTE, 8) != '{') {
                throw new Lie("its header does not begin with '{'");
            }
            MemorySegment header = whole.asSlice(8, length);
            Reader text = new InputStreamReader(
                    new ByteBufferBackedInputStream(header.asByteBuffer()),
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT));
            try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text)) {
                object(json);
                if (json.nextToken() != null) {
                    throw new Lie("something follows the header's closing brace");
                }
            }
            return new SafetensorsHeader(entries(whole.asSlice(8 + length)), metadata);
        }

        private void object(JsonParser json) {
            expect(json.nextToken(), JsonToken.START_OBJECT, "the header");
            boolean metadataSeen = false;
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.getString();
                if (name.equals(METADATA)) {
                    if (metadataSeen) {
                        throw new Lie(METADATA + " stands there twice");
                    }
                    metadataSeen = true;
                    metadata(json);
                } else if (claims.putIfAbsent(name, claim(name, json)) != null) {
                    throw new Lie("tensor " + quote(name) + " stands there twice");
                } else if (claims.size() > MAX_TENSORS) {
                    throw new Lie("it names more than " + MAX_TENSORS + " tensors");
                }
            }
        }

        private void metadata(JsonParser json) {
            expect(json.nextToken(), JsonToken.START_OBJECT, METADATA);
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = json.getString();
                expect(json.nextToken(), JsonToken.VALUE_STRING, METADATA + " " + quote(key));
                String value = json.getString();
                if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) { // an escape can smuggle in half a pair
                    throw new Lie(METADATA + " " + quote(key) + " has a broken surrogate pair");
                }
                if (metadata.putIfAbsent(key, value) != null) {
                    throw new Lie(METADATA + " has " + quote(key) + " twice");
                }
            }
        }

        private Claim claim(String name, JsonParser json) {
            String where = "tensor " + quote(name);
            SafetensorsDtype dtype = null;
            long[] shape = null;
            long[] offsets = null;
            expect(json.nextToken(), JsonToken.START_OBJECT, where);
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String field = json.getString();
                boolean twice;
                switch (field) {
                    case "dtype" -> {
                        twice = dtype != null;
                        expect(json.nextToken(), JsonToken.VALUE_STRING, where + ", dtype");
                        dtype = SafetensorsDtype.named(json.getString());
                        if (dtype == null) {
                            throw new Lie(where + " has the unknown dtype " + quote(json.getString()) + "; known are "
                                    + String.join(" ", SafetensorsDtype.NAMES));
                        }
                    }
                    case "shape" -> {
                        twice = shape != null;
                        shape = numbers(json, where + ", shape", MAX_RANK);
                    }
                    case "data_offsets" -> {
                        twice = offsets != null;
                        offsets = numbers(json, where + ", data_offsets", 2);
                    }
                    default -> throw new Lie(where + " has the unknown field " + quote(field));
                }
                if (twice) {
                    throw new Lie(where + " has " + field + " twice");
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
                throw new Lie(where + " lacks one of dtype, shape and data_offsets [begin, end]");
            }
            Claim claim = new Claim(name, dtype, shape, offsets[0], offsets[1]);
            long wanted;
            try {
                wanted = dtype.bytes(shape);
            } catch (ArithmeticException e) {
                throw new Lie(where + " has the shape " + Arrays.toString(shape) + ", whose bytes cannot be counted");
            }
            if (claim.end < claim.begin || claim.end - claim.begin != wanted) {
                throw new Lie(where + " needs " + wanted + " bytes for " + dtype + Arrays.toString(shape)
                        + ", and its data_offsets are " + Arrays.toString(offsets));
            }
            return claim;
        }

        private static long[] numbers(JsonParser json, String where, int max) {
            expect(json.nextToken(), JsonToken.START_ARRAY, where);
            long[] numbers = new long[4];
            int count = 0;
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, where);
                if (count == max) {
                    throw new Lie(where + " has more than " + max + " numbers");
                }
                if (count == numbers.length) {
                    numbers = Arrays.copyOf(numbers, 2 * count);
                }
                numbers[count++] = number(json.getString(), where);
            }
            return Arrays.copyOf(numbers, count);
        }

        private static long number(String digits, String where) {
            try {
                if (!digits.startsWith("-")) {
                    return Long.parseLong(digits);
                }
            } catch (NumberFormatException e) {
                // falls through: JSON has made sure that it is an integer, so it is too large
            }
            throw new Lie(where + " holds " + digits + ", which is not between 0 and " + Long.MAX_VALUE);
        }

        private static String kind(@Nullable JsonToken token) {
            return switch (token) {
                case START_OBJECT -> "an object";
                case START_ARRAY -> "a list";
                case VALUE_STRING -> "a string";
                case VALUE_NUMBER_INT -> "an integer";
                case VALUE_NUMBER_FLOAT -> "a fraction";
                case VALUE_NULL -> "null";
                case VALUE_TRUE, VALUE_FALSE -> "a boolean";
                case null, default -> "something else";
            };
        }

        private static void expect(@Nullable JsonToken token, JsonToken wanted, String where) {
            if (token != wanted) {
                throw new Lie(where + " should be " + kind(wanted) + " and is " + kind(token));
            }
        }

        /** The tensors' bytes fill the data from end to end, in order, and no two tensors are the same bytes. */
        private SequencedMap<String, Safetensors.Entry> entries(MemorySegment data) {
            List<Claim> inOrder = new ArrayList<>(claims.values());
            inOrder.sort(Comparator.comparingLong(Claim::begin).thenComparingLong(Claim::end));
            long filled = 0;
            Claim previous = null;
            for (Claim claim : inOrder) {
                if (previous != null && previous.begin == claim.begin && previous.end == claim.end) {
                    throw new Lie("tensors " + quote(previous.name) + " and " + quote(claim.name)
                            + " share the same data_offsets");
                }
                if (claim.begin != filled) {
                    throw new Lie("tensor " + quote(claim.name) + " begins at " + claim.begin
                            + ", and the data before it end at " + filled
                            + (claim.begin < filled ? ": they overlap" : ": a hole"));
                }
                filled = claim.end;
                previous = claim;
            }
            if (filled != data.byteSize()) {
                throw new Lie("its tensors take " + filled + " bytes, and " + data.byteSize() + " follow the header");
            }
            SequencedMap<String, Safetensors.Entry> entries = LinkedHashMap.newLinkedHashMap(claims.size());
            for (Map.Entry<String, Claim> e : claims.entrySet()) {
                Claim c = e.getValue();
                entries.put(
                        c.name,
                        new Safetensors.Entry(c.name, c.dtype.name(), c.shape, data.asSlice(c.begin, c.end - c.begin)));
            }
            return entries;
        }
    }
}

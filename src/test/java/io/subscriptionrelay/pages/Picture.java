package io.subscriptionrelay.pages;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** A page as a file that is small enough for a repository: with the colours that it has most of. */
final class Picture {

    private static final int COLOURS = 128;

    private Picture() {
    }

    /** Writes the upper part of a screenshot, so many pixels high, as a PNG with a palette. */
    static void write(byte[] png, int height, Path file) throws IOException {
        BufferedImage all = ImageIO.read(new ByteArrayInputStream(png));
        BufferedImage image = all.getSubimage(0, 0, all.getWidth(), Math.min(height, all.getHeight()));
        Map<Integer, Integer> count = new HashMap<>();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                count.merge(image.getRGB(x, y), 1, Integer::sum);
            }
        }
        List<Integer> most = count.entrySet().stream().sorted(Map.Entry.<Integer, Integer>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(COLOURS).map(Map.Entry::getKey).toList();
        int[] palette = most.stream().mapToInt(Integer::intValue).toArray();
        BufferedImage indexed = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_BYTE_INDEXED,
                new IndexColorModel(8, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE));
        // drawing it would scatter dots where a colour is missing
        Map<Integer, Integer> nearest = new HashMap<>();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                indexed.getRaster().setSample(x, y, 0, nearest.computeIfAbsent(image.getRGB(x, y), colour -> nearest(colour, palette)));
            }
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        ImageIO.write(indexed, "png", file.toFile());
    }

    private static int nearest(int colour, int[] palette) {
        return IntStream.range(0, palette.length).boxed().min(Comparator.comparingInt(index -> distance(colour, palette[index]))).orElseThrow();
    }

    private static int distance(int one, int other) {
        return IntStream.of(0, 8, 16).map(shift -> (one >> shift & 0xff) - (other >> shift & 0xff)).map(difference -> difference * difference).sum();
    }
}

#!/bin/sh
# One job: work.sh thumbnail|transcode|sound, a clip on standard input, the result on standard output.
# One thread each: it is the servers that work side by side.
convert() { exec ffmpeg -hide_banner -loglevel error -threads 1 -i pipe:0 "$@" -threads 1 pipe:1; }

case $1 in
  thumbnail) convert -vf thumbnail,scale=160:-2 -frames:v 1 -f image2pipe -c:v mjpeg ;;
  transcode) convert -an -vf scale=320:-2 -c:v libx264 -preset veryfast -movflags frag_keyframe+empty_moov -f mp4 ;;
  sound) convert -vn -c:a aac -f adts ;;
  *) echo "there is no work called '$1'" >&2 && exit 1 ;;
esac
